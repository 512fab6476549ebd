/** Programs of others as services behind relays: whether they are installed, their processes, and a relay in front of them. */
import { systemClock } from "../../../src/base/clock.ts";
import type { Transport } from "../../../src/faults/link-faults.ts";
import { parseLinkFaults } from "../../../src/faults/link-text.ts";
import { Relay } from "../../../src/relay/relay.ts";
import { freePort } from "../../support/free-port.ts";
import { until } from "../../support/until.ts";

/** Whether the programs are installed; for each missing one, prints what is skipped and the package of Debian. */
export function installed(programs: Readonly<Record<string, string>>, what: string): boolean {
  const missing = Object.entries(programs).filter(([program]) => Bun.which(program) === null);
  for (const [program, name] of missing)
    console.warn(`SKIPPED: ${what}: ${program} is not installed: apt-get install ${name}`);
  return missing.length === 0;
}

/** What a program printed, and its exit status. */
export interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

/** Runs a program until it exits. */
export async function outcome(...command: readonly string[]): Promise<Outcome> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { out, err, status: await child.exited };
}

/** A service in a process of its own, on a free port of the loopback interface. Disposing of it ends the process. */
export interface Service extends AsyncDisposable {
  readonly port: number;
}

/** Starts a service with the command for a port, and waits until `answers` is true. */
export async function startService(
  command: (port: number) => readonly string[],
  answers: (port: number) => boolean | Promise<boolean>,
): Promise<Service> {
  const port = freePort();
  const child = Bun.spawn([...command(port)], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const service = {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
  const isUp = () => {
    if (child.exitCode !== null) throw new Error(`${command(port)[0]} ended with ${child.exitCode}`);
    return answers(port);
  };
  await until(isUp, `${command(port)[0]} answers on port ${port}`, 10_000).catch(async (error: unknown) => {
    await service[Symbol.asyncDispose]();
    throw error;
  });
  return service;
}

/** Whether a TCP port of the loopback interface accepts connections. */
export async function accepts(port: number): Promise<boolean> {
  try {
    (await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })).terminate();
    return true;
  } catch {
    return false;
  }
}

/** A relay to a port of the loopback interface, with the faults of a text; its own port is free unless given. */
export async function relayTo(protocol: Transport, port: number, faults = "", listenPort = 0): Promise<Relay> {
  const host = "127.0.0.1";
  const route = { name: "service", protocol, listen: { host, port: listenPort }, upstream: { host, port } };
  const relay = await Relay.open(route, { clock: systemClock(), seed: 3259 });
  relay.setFaults(parseLinkFaults(protocol, faults));
  return relay;
}
