/** The rows of the load generator: relative to another client of the same server, or a number of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readReports } from "../../src/load/report/files/json.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import { type CertificateFiles, certificateFiles } from "./certificate.ts";
import { bunClient, h2load, howToInstall, median, ROOT, run, serverOf, type Traffic, wrk } from "./processes.ts";
import { type Comparison, emptySide, type Figure, type Row, type Side } from "./row.ts";
import type { Effort } from "./servers.ts";

/** Runs the load command of a checkout; returns its report and the processor time, µs. */
async function loadRun(line: string, root = ROOT): Promise<{ report: RunReport; cpuMicros: number }> {
  const command = [process.execPath, "scripts/load.ts", ...line.split(" "), "--quiet", "--json", "-"];
  const { text, cpuMicros } = await run(command, root);
  const [report] = readReports(text) ?? [];
  if (report === undefined) throw new Error(`no report from: ${line}`);
  return { report, cpuMicros };
}

/** A row of `--rate max`: the options of the load generator, and the other client. */
interface SpeedRow {
  readonly what: string;
  readonly kind: string;
  readonly against: string;
  readonly goal: Comparison["goal"];
  readonly options: (port: number) => string;
  readonly other: (port: number, seconds: number) => Promise<Traffic | undefined>;
  /** The program without which the row is skipped. */
  readonly tool?: string;
  /** Whether the server has a certificate, whose authority the load generator gets. */
  readonly secure?: boolean;
}

/** The connections and the streams of each in the row of HTTP/2. */
const HTTP2 = { connections: 4, streams: 32 };

const SPEED: Readonly<Record<string, SpeedRow>> = {
  "load-http": {
    what: "load, HTTP, `--rate max`, 32 connections",
    kind: "http-get",
    against: "`wrk -t1 -c32`",
    goal: { rate: 1 },
    options: (port) => `--proto http --target http://127.0.0.1:${port}/status/200`,
    other: (port, seconds) => wrk(`http://127.0.0.1:${port}/status/200`, seconds),
    tool: "wrk",
  },
  "load-udp": {
    what: "load, UDP, `--rate max`, 64 in flight",
    kind: "udp",
    against: "shortest Bun client",
    goal: { rate: 0.97 },
    options: (port) => `--proto udp --target 127.0.0.1:${port} --control none`,
    other: (port, seconds) => bunClient("udp", port, seconds),
  },
  "load-tcp": {
    what: "load, TCP, `--rate max`, 32 connections",
    kind: "tcp",
    against: "shortest Bun client",
    goal: { rate: 0.97 },
    options: (port) => `--proto tcp --target 127.0.0.1:${port} --control none --in-flight 32`,
    other: (port, seconds) => bunClient("tcp", port, seconds),
  },
  "load-http2": {
    what: "load, HTTP/2, `--rate max`, 4 connections, 32 streams each",
    kind: "http2",
    against: "`h2load -t1 -c4 -m32`",
    goal: { rate: 0.9 },
    options: (port) => `--proto http2 --target https://127.0.0.1:${port}/status/200 --connections 4 --streams 32`,
    other: (port, seconds) => h2load(`https://127.0.0.1:${port}/status/200`, seconds, HTTP2),
    tool: "h2load",
    secure: true,
  },
  "load-http3": {
    what: "load, HTTP/3, `--rate max`, 32 streams",
    kind: "http3",
    against: "shortest Bun `fetch` loop",
    goal: { rate: 0.9 },
    options: (port) => `--proto http3 --target https://127.0.0.1:${port}/status/200 --streams 32`,
    other: (port, seconds) => bunClient("http3", port, seconds),
    secure: true,
  },
};

/** Starts the minimal server of a row; returns it, and the options of the load generator. */
async function startPeer({ kind, options }: SpeedRow, files: CertificateFiles | undefined) {
  const server = await serverOf("baseline", files ? [kind, files.cert, files.key] : [kind]);
  return { server, line: `${options(server.port)}${files ? ` --ca ${files.ca}` : ""}` };
}

/** Duration of the run whose processor time is that of the start, and least duration of the others, s. */
const START_S = 0.5;
const LEAST_S = 2;

/** Time before a run is measured: the runtime optimizes the code of the load generator. */
const WARM_UP = "1s";

/** Adds runs to a side; their processor time is without that of a short run. */
async function loadSide(line: string, root?: string): Promise<{ side: Side; add: (seconds: number) => Promise<void> }> {
  const side = emptySide();
  const runFor = (seconds: number) => loadRun(`${line} --rate max --warmup ${WARM_UP} --duration ${seconds}s`, root);
  const start = await runFor(START_S);
  const add = async (seconds: number) => {
    const { report, cpuMicros } = await runFor(seconds);
    const { answered } = report.packets;
    side.rates.push(answered / report.durationSeconds);
    side.cpu.push((cpuMicros - start.cpuMicros) / (answered - start.report.packets.answered));
  };
  return { side, add };
}

async function benchSpeed(name: string, row: SpeedRow, effort: Effort): Promise<Row> {
  const { pairs, before } = effort;
  const seconds = Math.max(LEAST_S, effort.seconds);
  const { what, against, goal, other, tool, secure } = row;
  if (tool !== undefined && Bun.which(tool) === null) return { name, what, skipped: howToInstall(tool) };
  using files = secure ? await certificateFiles() : undefined;
  const { server: peer, line } = await startPeer(row, files);
  using server = peer;
  const ours = await loadSide(line);
  const old = before === undefined ? undefined : await loadSide(line, before);
  const theirs = emptySide();
  for (let pair = 0; pair < pairs; pair++) {
    const client = await other(server.port, seconds);
    if (client) {
      theirs.rates.push(client.rate);
      theirs.cpu.push(client.clientMicros / client.packets);
    }
    await ours.add(seconds);
    await old?.add(seconds);
  }
  return { name, what, against, goal, ours: ours.side, theirs, ...(old && { before: old.side }) };
}

/** Measures the schedule error at a rate. */
function benchSchedule(rate: number, goal: number) {
  return async ({ seconds }: Effort): Promise<Figure> => {
    using server = await serverOf("baseline", ["udp"]);
    const target = `--proto udp --target 127.0.0.1:${server.port} --control none`;
    const { report } = await loadRun(`${target} --rate ${rate} --warmup 500ms --duration ${seconds}s`);
    const value = (report.scheduleError.p99 ?? Number.NaN) * 1e6;
    const what = `load, schedule error p99 at ${rate.toLocaleString("en")}/s`;
    return { name: `load-schedule-${rate}`, what, against: "a quiet machine", value, unit: "µs", goal };
  };
}

/** Measures the round trip at 100/s relative to a C client, in interleaved pairs. */
async function benchRoundTrip({ pairs, seconds }: Effort): Promise<Row> {
  const [name, what] = ["load-round-trip", "load at 100/s, round trip p50"];
  if (Bun.which("cc") === null) return { name, what, skipped: "no C compiler: apt-get install gcc libc6-dev" };
  const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
  try {
    const client = join(folder, "ping-pong");
    await run(["cc", "-O2", "-o", client, join(ROOT, "scripts/bench/ping-pong.c")]);
    using server = await serverOf("baseline", ["udp"]);
    const target = `--proto udp --target 127.0.0.1:${server.port} --control none`;
    const ratios: number[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const { text } = await run([client, `${server.port}`, `${Math.round(seconds * 100)}`]);
      const { report } = await loadRun(`${target} --rate 100 --duration ${seconds}s`);
      ratios.push(((report.serviceTime.p50 ?? Number.NaN) * 1e6) / Number(text));
    }
    const note = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const against = "a C ping-pong client";
    return { name, what, against, value: median(ratios), unit: "of it", goal: 1.15, note };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Measures the processor time of one packet per second, as a share of a core. */
async function benchIdle(): Promise<Figure> {
  using server = await serverOf("baseline", ["udp"]);
  const used = async (seconds: number) => {
    const target = `--proto udp --target 127.0.0.1:${server.port} --control none`;
    return (await loadRun(`${target} --rate 1 --duration ${seconds}s`)).cpuMicros / 1e6;
  };
  // The start costs the same in both runs, so the difference is the cost of five seconds.
  const share = ((await used(6)) - (await used(1))) / 5;
  return { name: "load-idle", what: "load at 1/s", against: "a core", value: share * 100, unit: "%", goal: 1 };
}

/** Measures resident memory after 10 million packets relative to 1 million. */
async function benchMemory(): Promise<Figure> {
  using server = await serverOf("baseline", ["udp"]);
  const { runLoad } = await import("../../src/load/run.ts");
  const target = `127.0.0.1:${server.port}`;
  const loading = runLoad({ protocol: "udp", target, control: false, rate: "max", count: 10_000_000 });
  let first = 0;
  for await (const { answered } of loading) if (first === 0 && answered > 1e6) first = process.memoryUsage.rss();
  const { packets } = await loading.report;
  const last = process.memoryUsage.rss();
  return {
    name: "load-memory",
    what: `load, memory after ${packets.answered.toLocaleString("en")} answers`,
    against: "after 1 million",
    value: last / first,
    unit: "of it",
    goal: 1.05,
    note: `${(last / 2 ** 20).toFixed(1)} MiB`,
  };
}

/** The rows by name. */
export const LOAD_ROWS: Readonly<Record<string, (effort: Effort) => Promise<Row>>> = {
  ...Object.fromEntries(
    Object.entries(SPEED).map(([name, row]) => [name, (effort: Effort) => benchSpeed(name, row, effort)]),
  ),
  "load-schedule": benchSchedule(10_000, 50),
  "load-schedule-50000": benchSchedule(50_000, 300),
  "load-round-trip": benchRoundTrip,
  "load-idle": benchIdle,
  "load-memory": benchMemory,
};
