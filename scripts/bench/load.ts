/** The benchmark rows of the load generator, relative to another client for the same server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readReports } from "../../src/load/report/files/json.ts";
import type { RunReport } from "../../src/load/report/report.ts";

const HERE = import.meta.dir;
const ROOT = join(HERE, "../..");

/** The number of interleaved pairs, and the duration of each side in s. */
export interface Effort {
  readonly pairs: number;
  readonly seconds: number;
}

/** Starts a minimal server; returns the port that it prints. */
async function server(kind: string) {
  const child = Bun.spawn([process.execPath, join(HERE, "baseline.ts"), kind], { stdout: "pipe" });
  for await (const chunk of child.stdout) return { port: Number(Buffer.from(chunk).toString()), child };
  throw new Error(`the ${kind} server did not start`);
}

async function outputOf(command: readonly string[]): Promise<string> {
  return await new Response(Bun.spawn([...command], { stdout: "pipe", stderr: "ignore", cwd: ROOT }).stdout).text();
}

/** Runs the load command; returns its report. */
async function loadRun(line: string): Promise<RunReport> {
  const text = await outputOf([process.execPath, "scripts/load.ts", ...line.split(" "), "--quiet", "--json", "-"]);
  const [report] = readReports(text) ?? [];
  if (report === undefined) throw new Error(`no report from: ${line}`);
  return report;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function print(what: string, verdict: string): void {
  console.log(`${what.padEnd(42)} ${verdict}`);
}

/** A row of `--rate max`: the options of the load generator, and the rate of the other client. */
interface SpeedRow {
  readonly what: string;
  readonly kind: string;
  readonly against: string;
  readonly options: (port: number) => string;
  readonly other: (port: number, seconds: number) => Promise<number>;
}

const minimalClient = (kind: string) => async (port: number, seconds: number) =>
  Number(await outputOf([process.execPath, join(HERE, "client.ts"), kind, `${port}`, `${seconds}`]));

/** Returns the answers per second of wrk; NaN if it is not installed. */
async function wrk(port: number, seconds: number): Promise<number> {
  if (Bun.which("wrk") === null) return Number.NaN;
  const text = await outputOf(["wrk", "-t1", "-c32", `-d${seconds}s`, `http://127.0.0.1:${port}/healthz`]);
  return Number(/Requests\/sec:\s*([\d.]+)/.exec(text)?.[1]);
}

const SPEED: Readonly<Record<string, SpeedRow>> = {
  "load-http": {
    what: "load, HTTP, --rate max, 32 connections",
    kind: "http-get",
    against: "wrk -t1 -c32",
    options: (port) => `--proto http --target http://127.0.0.1:${port}/healthz`,
    other: wrk,
  },
  "load-udp": {
    what: "load, UDP, --rate max, 64 in flight",
    kind: "udp",
    against: "minimal Bun client",
    options: (port) => `--proto udp --target 127.0.0.1:${port} --control none`,
    other: minimalClient("udp"),
  },
  "load-tcp": {
    what: "load, TCP, --rate max, 32 connections",
    kind: "tcp",
    against: "minimal Bun client",
    options: (port) => `--proto tcp --target 127.0.0.1:${port} --control none --in-flight 32`,
    other: minimalClient("tcp"),
  },
};

async function benchSpeed(row: SpeedRow, { pairs, seconds }: Effort): Promise<void> {
  const { port, child } = await server(row.kind);
  const ratios: number[] = [];
  const rates: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    const theirs = await row.other(port, seconds);
    const run = await loadRun(`${row.options(port)} --rate max --warmup 300ms --duration ${seconds}s`);
    const ours = run.packets.answered / run.durationSeconds;
    rates[0].push(ours);
    rates[1].push(theirs);
    ratios.push(ours / theirs);
  }
  child.kill();
  if (ratios.some(Number.isNaN)) return print(row.what, `SKIPPED: ${row.against} is not installed`);
  const [ours, theirs] = rates.map((all) => Math.round(median(all)).toLocaleString("en"));
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  print(
    row.what,
    `${median(ratios).toFixed(3)} (${spread}, at least 0.8)  ${ours}/s against ${theirs}/s: ${row.against}`,
  );
}

/** Measures the schedule error at 10,000 and at 50,000 packets per second. */
async function benchSchedule({ seconds }: Effort): Promise<void> {
  const { port, child } = await server("udp");
  for (const [rate, most] of [
    [10_000, 100],
    [50_000, 1000],
  ] as const) {
    const run = await loadRun(
      `--proto udp --target 127.0.0.1:${port} --control none --rate ${rate} --warmup 500ms --duration ${seconds}s`,
    );
    const micros = (run.scheduleError.p99 ?? Number.NaN) * 1e6;
    print(`load, schedule error p99 at ${rate}/s`, `${micros.toFixed(1)} µs (under ${most} µs on an idle machine)`);
  }
  child.kill();
}

/** Measures the round trip at 100/s relative to a C client, in interleaved pairs. */
async function benchRoundTrip({ pairs, seconds }: Effort): Promise<void> {
  const what = "load at 100/s, p50 round trip";
  const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
  const client = join(folder, "ping-pong");
  const compiled =
    Bun.which("cc") !== null && Bun.spawnSync(["cc", "-O2", "-o", client, join(HERE, "ping-pong.c")]).success;
  if (compiled) {
    const { port, child } = await server("udp");
    const trips: { ours: number; theirs: number }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const theirs = Number(await outputOf([client, `${port}`, `${seconds * 100}`]));
      const run = await loadRun(
        `--proto udp --target 127.0.0.1:${port} --control none --rate 100 --duration ${seconds}s`,
      );
      trips.push({ ours: (run.serviceTime.p50 ?? Number.NaN) * 1e6, theirs });
    }
    child.kill();
    const ratio = median(trips.map(({ ours, theirs }) => ours / theirs));
    const [ours, theirs] = [median(trips.map(({ ours }) => ours)), median(trips.map(({ theirs }) => theirs))];
    print(
      what,
      `${ratio.toFixed(3)} (0.85 to 1.15)  ${ours.toFixed(1)} µs against ${theirs.toFixed(1)} µs: a C ping-pong client`,
    );
  } else print(what, "SKIPPED: no C compiler");
  rmSync(folder, { recursive: true });
}

/** Measures the CPU time of one packet per second, as a ratio of a core. */
async function benchIdle(): Promise<void> {
  const { port, child } = await server("udp");
  const run = async (seconds: number) => {
    const line = `--proto udp --target 127.0.0.1:${port} --control none --rate 1 --duration ${seconds}s --quiet`;
    const process_ = Bun.spawn([process.execPath, "scripts/load.ts", ...line.split(" ")], {
      cwd: ROOT,
      stdout: "ignore",
    });
    await process_.exited;
    return Number(process_.resourceUsage()?.cpuTime.total ?? 0) / 1e6;
  };
  // The start costs the same in both runs, so the difference is the cost of ten seconds.
  const share = (await run(11)) - (await run(1));
  child.kill();
  print("load at 1/s", `${((share / 10) * 100).toFixed(2)} % of a core (under 1 %)`);
}

/** Measures resident memory after 10 million packets relative to 1 million. */
async function benchMemory(): Promise<void> {
  const { port, child } = await server("udp");
  const { runLoad } = await import("../../src/load/run.ts");
  const run = runLoad({ protocol: "udp", target: `127.0.0.1:${port}`, control: false, rate: "max", count: 10_000_000 });
  let first = 0;
  for await (const { answered } of run) if (first === 0 && answered > 1e6) first = process.memoryUsage.rss();
  const { packets } = await run.report;
  const last = process.memoryUsage.rss();
  child.kill();
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  print(
    "load, memory after 10 million packets",
    `${(last / first).toFixed(3)} of that after 1 million (within 5 %), ${mebibytes(last)} MiB against ${mebibytes(first)} MiB, ${packets.answered} answered`,
  );
}

/** The rows by name. */
export const LOAD_ROWS: Readonly<Record<string, (effort: Effort) => Promise<void>>> = {
  ...Object.fromEntries(
    Object.entries(SPEED).map(([name, row]) => [name, (effort: Effort) => benchSpeed(row, effort)]),
  ),
  "load-schedule": benchSchedule,
  "load-round-trip": benchRoundTrip,
  "load-idle": benchIdle,
  "load-memory": benchMemory,
};
