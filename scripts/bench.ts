/**
 * Benchmarks: the throughput of each server of wirelab relative to a minimal Bun server with the same client, measured in
 * interleaved pairs. Prints the median of the ratios. The rows of the load generator are in bench/load.ts.
 */

import { parseArgs } from "node:util";
import { InternalErrors } from "../src/base/internal-errors.ts";
import { createLog } from "../src/base/log.ts";
import { createMetrics } from "../src/metrics/counters.ts";
import { PacketLog } from "../src/reflector/packet-log.ts";
import { LOAD_ROWS } from "./bench/load.ts";

const HELP = `bench: wirelab's servers relative to minimal Bun servers, its load generator relative to minimal clients

usage: bun run scripts/bench.ts [--pairs N] [--seconds S] [ROW...]

  rows: udp tcp http-get http-post record log (default), memory (takes two minutes)
        load-http load-udp load-tcp load-schedule load-round-trip load-idle load-memory (90 s)
  --pairs N     interleaved pairs, default 5
  --seconds S   duration of each side of a pair, default 2
`;

/** A row that compares with a minimal Bun server. */
interface ServerRow {
  readonly what: string;
  readonly against: string;
  /** The ratio to reach. */
  readonly least: number;
  /** Whether the client sends STAMP frames to the lab. */
  readonly framed?: boolean;
}

const SERVER_ROWS: Readonly<Record<string, ServerRow>> = {
  udp: { what: "UDP echo (STAMP), 64 bytes, 64 in flight", against: "minimal Bun.udpSocket echo", least: 0.9 },
  tcp: { what: "TCP frames, 64 bytes, 32 connections", against: "minimal Bun.listen echo", least: 0.9, framed: true },
  "http-get": { what: "HTTP GET /healthz, 32 connections", against: "Bun.serve, fixed response", least: 0.95 },
  "http-post": { what: "HTTP POST /, 32 connections", against: "Bun.serve, parses the JSON body", least: 0.8 },
};

/** Starts a server script; returns the port that it prints. */
async function server(script: string, kind: string) {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/bench/${script}.ts`, kind], { stdout: "pipe" });
  return { port: Number(await firstLine(child.stdout)), child };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const chunk of stream) return Buffer.from(chunk).toString().trim();
  throw new Error("the server did not start");
}

async function rate(kind: string, port: number, seconds: number, framed: boolean): Promise<number> {
  const client = `${import.meta.dir}/bench/client.ts`;
  const args = [process.execPath, client, kind, `${port}`, `${seconds}`, ...(framed ? ["framed"] : [])];
  return Number(await new Response(Bun.spawn(args, { stdout: "pipe" }).stdout).text());
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

async function benchServer(kind: string, row: ServerRow, pairs: number, seconds: number): Promise<void> {
  const baseline = await server("baseline", kind);
  const lab = await server("lab", kind);
  const ratios: number[] = [];
  const rates: [number[], number[]] = [[], []];
  for (let i = 0; i < pairs; i++) {
    const theirs = await rate(kind, baseline.port, seconds, false);
    const ours = await rate(kind, lab.port, seconds, row.framed ?? false);
    rates[0].push(ours);
    rates[1].push(theirs);
    ratios.push(ours / theirs);
  }
  baseline.child.kill();
  lab.child.kill();
  const [low, high] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)];
  const [ours, theirs] = rates.map((all) => Math.round(median(all)).toLocaleString("en"));
  console.log(
    `${row.what.padEnd(42)} ${median(ratios).toFixed(3)} (${low} to ${high}, at least ${row.least})  ` +
      `${ours}/s against ${theirs}/s: ${row.against}`,
  );
}

/** Measures the cost of recording one answered packet in counters and histogram, in ns. */
function benchRecord(): void {
  const { udp } = createMetrics().traffic;
  const rounds = 5_000_000;
  const once = () => {
    const startedAt = performance.now();
    for (let i = 0; i < rounds; i++) {
      udp.received(64);
      udp.answered(64, (i % 1000) * 1e-6);
    }
    return ((performance.now() - startedAt) * 1e6) / rounds;
  };
  once();
  const ns = median([once(), once(), once()]);
  console.log(`${"recording one packet in metrics".padEnd(42)} ${ns.toFixed(1)} ns (under 50 ns)`);
}

/** Measures the CPU time of the packet log at 200,000 packets per second with its lines written, as a ratio. */
async function benchLog(): Promise<void> {
  const log = createLog({ level: "debug", readable: false, sink: (line) => Bun.hash(line) });
  const packetLog = new PacketLog({ limit: 1000, perSecond: 200 }, log, createMetrics(), new InternalErrors(log));
  const entry = {
    protocol: "udp",
    peer: "127.0.0.1:40000",
    bytes: 64,
    outcome: "answered",
    responseTimeMs: 0.02,
  } as const;
  let busyMs = 0;
  for (let tick = 0; tick < 20; tick++) {
    const startedAt = performance.now();
    for (let i = 0; i < 20_000; i++) if (packetLog.accepts("udp")) packetLog.add({ at: Date.now(), ...entry });
    busyMs += performance.now() - startedAt;
    await Bun.sleep(100); // the interval of the log's sampling
  }
  packetLog.stop();
  const share = (busyMs / 2000) * 100;
  console.log(
    `${"packet log at 200,000 packets a second".padEnd(42)} ${share.toFixed(3)} % of a core (under 2 %), ` +
      `${packetLog.entries} logged, ${packetLog.skipped} left out`,
  );
}

/** Returns the value of a series of the lab. */
async function scrape(port: number, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${series} `));
  return Number(line?.split(" ")[1]);
}

/** Measures resident memory after 10 million UDP packets relative to 1 million. */
async function benchMemory(): Promise<void> {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/bench/lab.ts`, "all"], { stdout: "pipe" });
  const ports = (await firstLine(child.stdout)).split(" ").map(Number);
  const [http = 0, udp = 0] = ports;
  const memoryAt = async (packets: number) => {
    while ((await scrape(http, 'packets_total{protocol="udp"}')) < packets) await rate("udp", udp, 1, false);
    return scrape(http, "process_resident_memory_bytes");
  };
  const [first, last] = [await memoryAt(1e6), await memoryAt(1e7)];
  child.kill();
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  console.log(
    `${"memory after 10 million packets".padEnd(42)} ${(last / first).toFixed(3)} of that after 1 million (within 5 %), ` +
      `${mebibytes(last)} MiB against ${mebibytes(first)} MiB`,
  );
}

const OTHER_ROWS: Readonly<Record<string, () => void | Promise<void>>> = {
  record: benchRecord,
  log: benchLog,
  memory: benchMemory,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    help: { type: "boolean", short: "h" },
  },
});
const rows = positionals.length > 0 ? positionals : [...Object.keys(SERVER_ROWS), "record", "log"];
const all = [SERVER_ROWS, OTHER_ROWS, LOAD_ROWS].flatMap((some) => Object.keys(some));
const unknown = rows.find((row) => !all.includes(row));
if (values.help) console.log(HELP);
else if (unknown !== undefined) {
  console.error(`bench: no row ${unknown}; rows: ${all.join(" ")}`);
  process.exitCode = 2;
} else {
  for (const kind of rows) {
    const row = SERVER_ROWS[kind];
    const [pairs, seconds] = [Number(values.pairs), Number(values.seconds)];
    if (row) await benchServer(kind, row, pairs, seconds);
    else await (OTHER_ROWS[kind]?.() ?? LOAD_ROWS[kind]?.({ pairs, seconds }));
  }
}
