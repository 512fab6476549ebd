/** The rows of parts of the lab: recording a packet, the packet log, and memory. */
import { InternalErrors } from "../../src/base/internal-errors.ts";
import { createLog } from "../../src/base/log.ts";
import { createMetrics } from "../../src/metrics/counters.ts";
import { PacketLog } from "../../src/reflector/packet-log.ts";
import { bunClient, median, serverOf } from "./processes.ts";
import type { Figure } from "./row.ts";

/** Measures the cost of recording one answered packet in counters and histogram. */
function benchRecord(): Figure {
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
  const value = median([once(), once(), once()]);
  return { name: "record", what: "recording one packet in metrics", against: "–", value, unit: "ns", goal: 10 };
}

/** Measures the processor time of the packet log at 200,000 packets per second with its lines written. */
async function benchLog(): Promise<Figure> {
  const log = createLog({ level: "debug", readable: false, sink: (line) => Bun.hash(line) });
  const packetLog = new PacketLog({ limit: 1000, perSecond: 200 }, log, createMetrics(), new InternalErrors(log));
  const entry = { protocol: "udp", peer: "127.0.0.1:40000", bytes: 64, outcome: "answered" } as const;
  let busyMs = 0;
  for (let tick = 0; tick < 20; tick++) {
    const startedAt = performance.now();
    for (let i = 0; i < 20_000; i++)
      if (packetLog.accepts("udp")) packetLog.add({ at: Date.now(), responseTimeMs: 0.02, ...entry });
    busyMs += performance.now() - startedAt;
    await Bun.sleep(100); // the interval of the log's sampling
  }
  packetLog.stop();
  const what = "packet log at 200,000 packets a second";
  return { name: "log", what, against: "a core", value: (busyMs / 2000) * 100, unit: "%", goal: 2 };
}

/** Returns the value of a series of the lab. */
async function scrape(port: number, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${series} `));
  return Number(line?.split(" ")[1]);
}

const PACKETS = 'packets_total{protocol="udp"}';
/** Longest time of the row, ms: on a slower machine it ends with fewer packets, and says so. */
const MEMORY_LIMIT_MS = 90_000;

/** Measures resident memory after 10 million UDP packets relative to 1 million. */
async function benchMemory(): Promise<Figure> {
  using lab = await serverOf("lab", ["all"]);
  const [http = 0, udp = 0] = lab.ports;
  const endAt = performance.now() + MEMORY_LIMIT_MS;
  const memoryAt = async (packets: number) => {
    while (performance.now() < endAt && (await scrape(http, PACKETS)) < packets) await bunClient("udp", udp, 2);
    return scrape(http, "process_resident_memory_bytes");
  };
  const [first, last] = [await memoryAt(1e6), await memoryAt(1e7)];
  const millions = (await scrape(http, PACKETS)) / 1e6;
  return {
    name: "memory",
    what: `memory after ${millions.toFixed(1)} million packets`,
    against: "after 1 million",
    value: last / first,
    unit: "of it",
    goal: 1.05,
    note: `${(last / 2 ** 20).toFixed(1)} MiB`,
  };
}

/** The rows by name. */
export const COST_ROWS: Readonly<Record<string, () => Figure | Promise<Figure>>> = {
  record: benchRecord,
  log: benchLog,
  memory: benchMemory,
};
