/** Starts the servers and clients of the benchmarks, and reads the processor time that they use. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The checkout that contains this file. */
export const ROOT = join(import.meta.dir, "../..");

/** A server of a benchmark. */
export interface Server extends Disposable {
  /** The ports that it prints. */
  readonly ports: readonly number[];
  /** The first of them. */
  readonly port: number;
  /** Processor time so far, user and system, µs. */
  cpuMicros(): number;
}

/** Starts a script of scripts/bench in a checkout; resolves when it has printed its ports. */
export async function serverOf(script: string, args: readonly string[], root = ROOT): Promise<Server> {
  const command = [process.execPath, join(root, "scripts/bench", `${script}.ts`), ...args];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "ignore", cwd: root });
  for await (const chunk of child.stdout) {
    const ports = Buffer.from(chunk).toString().trim().split(" ").map(Number);
    return {
      ports,
      port: ports[0] ?? 0,
      cpuMicros: () => cpuMicrosOf(child.pid),
      [Symbol.dispose]: () => child.kill(),
    };
  }
  throw new Error(`${script} ${args.join(" ")} of ${root} did not start: run \`bun install\` there`);
}

/** Processor time of a process, of all its threads, µs. */
export function cpuMicrosOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // the thread has ended
    }
  }
  return nanoseconds / 1000;
}

/** The output of a command and the processor time that it used, µs. */
export async function run(command: readonly string[], cwd = ROOT): Promise<{ text: string; cpuMicros: number }> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "ignore", cwd });
  const text = await new Response(child.stdout).text();
  await child.exited;
  return { text, cpuMicros: Number(child.resourceUsage()?.cpuTime.total ?? 0) };
}

/** The Debian packages of the peers. */
const PACKAGES: Readonly<Record<string, string>> = { wrk: "wrk", h2load: "nghttp2-client" };

/** Says that a program is missing, and how to install it. */
export function howToInstall(tool: string): string {
  return `${tool} is not installed: apt-get install ${PACKAGES[tool]}`;
}

/** What a client measured. */
export interface Traffic {
  readonly packets: number;
  /** Packets per second. */
  readonly rate: number;
  /** Processor time of the client, µs; 0 where it is not measured. */
  readonly clientMicros: number;
}

/** The minimal client of a kind: bench/client.ts. */
export async function bunClient(kind: string, port: number, seconds: number, ...more: string[]): Promise<Traffic> {
  const client = join(ROOT, "scripts/bench/client.ts");
  const { text } = await run([process.execPath, client, kind, `${port}`, `${seconds}`, ...more]);
  const [packets = 0, rate = 0, clientMicros = 0] = text.trim().split(" ").map(Number);
  return { packets, rate, clientMicros };
}

/** wrk with one thread; `script` is a file of scripts/bench. Undefined if wrk is not installed. */
export async function wrk(
  url: string,
  seconds: number,
  connections = 32,
  script?: string,
): Promise<Traffic | undefined> {
  if (Bun.which("wrk") === null) return undefined;
  const scripted = script ? ["-s", join(ROOT, "scripts/bench", script)] : [];
  // wrk takes whole seconds.
  const command = ["wrk", "-t1", `-c${connections}`, `-d${Math.ceil(seconds)}s`, ...scripted, url];
  const { text, cpuMicros } = await run(command);
  const packets = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  return { packets, rate: Number(/Requests\/sec:\s*([\d.]+)/.exec(text)?.[1] ?? 0), clientMicros: cpuMicros };
}

/** How h2load makes requests. */
export interface H2loadOptions {
  readonly connections: number;
  /** Requests at a time on each connection. */
  readonly streams: number;
  /** HTTP/1.1 in place of HTTP/2. */
  readonly http1?: boolean;
}

/** h2load with one thread. It does not verify certificates. Undefined if it is not installed. */
export async function h2load(
  url: string,
  seconds: number,
  { connections, streams, http1 = false }: H2loadOptions,
): Promise<Traffic | undefined> {
  if (Bun.which("h2load") === null) return undefined;
  const shape = [
    "-t1",
    `-c${connections}`,
    `-m${streams}`,
    `-D${Math.round(seconds * 1000)}ms`,
    ...(http1 ? ["--h1"] : []),
  ];
  const { text, cpuMicros } = await run(["h2load", ...shape, url]);
  const packets = Number(/(\d+) succeeded/.exec(text)?.[1] ?? 0);
  return { packets, rate: packets / seconds, clientMicros: cpuMicros };
}

/** The median; NaN of no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
