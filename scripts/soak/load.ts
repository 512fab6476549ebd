/** The load of the soak: the load command, a process for each protocol, again and again until the end. */
import { CLASSICS, type Classic } from "../../src/base/protocol.ts";
import type { RunReport } from "../../src/load/report/report.ts";

const LOAD = new URL("../load.ts", import.meta.url).pathname;
/** Longest run, s: a soak has several reports of each protocol. */
const RUN_SECONDS = 15;
/** A shorter run at the end is left out, s. */
const LEAST_SECONDS = 1;
const MEASURE_SECONDS = 2;
/** Of the maximum, the rate of each protocol. */
const SHARE = 1 / 3;

/** The lab that is sent to, and where the reports go. */
export interface LoadParts {
  readonly ports: Readonly<Record<Classic, number>>;
  readonly signal: AbortSignal;
  readonly report: (report: RunReport) => void;
}

/** Runs the load command once. Throws if it gives no report. */
async function runOnce(protocol: Classic, rate: number | "max", seconds: number, parts: LoadParts): Promise<RunReport> {
  const { ports, signal, report } = parts;
  const flags = {
    proto: protocol,
    target: `127.0.0.1:${ports[protocol]}`,
    control: `127.0.0.1:${ports.http}`,
    rate,
    duration: `${seconds}s`,
    timeout: "500ms",
    wait: "2s",
    json: "-",
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const command = [process.execPath, LOAD, ...args, "--quiet"];
  const child = Bun.spawn(command, {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    signal,
    killSignal: "SIGKILL", // at another signal it would wait for answers
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const status = await child.exited;
  if (status !== 0) throw new Error(`the load command for ${protocol} ended with ${status}: ${err.trim().slice(-300)}`);
  const made: RunReport = JSON.parse(out);
  report(made);
  return made;
}

/** A third of the maximum rate of each protocol, all of them in closed loops at the same time. */
export async function measureRates(parts: LoadParts): Promise<Readonly<Record<Classic, number>>> {
  const rates = CLASSICS.map(async (protocol) => {
    const { rate } = await runOnce(protocol, "max", MEASURE_SECONDS, parts);
    return [protocol, Math.max(1, Math.round(rate.achieved * SHARE))] as const;
  });
  return Object.fromEntries(await Promise.all(rates)) as Record<Classic, number>; // an entry for each protocol
}

/** Sends packets of one protocol for `seconds`, in runs one after another. */
async function keepSending(protocol: Classic, rate: number, seconds: number, parts: LoadParts): Promise<void> {
  const endAt = performance.now() + seconds * 1000;
  while (!parts.signal.aborted) {
    const left = Math.round(endAt - performance.now()) / 1000;
    if (left < LEAST_SECONDS) return;
    await runOnce(protocol, rate, Math.min(left, RUN_SECONDS), parts);
  }
}

/** Sends packets of all protocols for `seconds`. */
export async function sendAll(
  rates: Readonly<Record<Classic, number>>,
  seconds: number,
  parts: LoadParts,
): Promise<void> {
  await Promise.all(CLASSICS.map((protocol) => keepSending(protocol, rates[protocol], seconds, parts)));
}
