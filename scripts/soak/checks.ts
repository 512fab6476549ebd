/** What has to be true after the load: pure functions that return one line for each defect. */
import { PROTOCOLS, type Protocol } from "../../src/base/protocol.ts";
import type { PacketCounts, RunReport } from "../../src/load/report/report.ts";

/** The series of one scrape, as test/support/scrape.ts reads them. */
export interface Series {
  get(name: string, labels?: Readonly<Record<string, string>>): number;
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** The counts of all runs of one protocol. */
export type Totals = Readonly<Record<keyof PacketCounts, number>>;

/** Growth of memory that is not a defect: a share of the first third, and in any case so many octets. */
const GROWTH = { share: 0.15, least: 32 * 2 ** 20 } as const;
/** Share of the samples that are the warm-up. */
const WARM_UP = 0.25;
/** Structures that are empty without traffic. The tables of sessions and logged packets keep their last entries. */
const EMPTIED = [
  "delay-queue",
  "delay-queue-bytes",
  "tcp-connections",
  "tcp-bytes",
  "http-body-bytes",
  "viewers",
] as const;
/** Connections that the soak's own requests keep open for the next one. */
const OWN_CONNECTIONS = 8;

/** Octets as whole mebibytes. */
export function mebibytes(octets: number): string {
  return `${Math.round(octets / 2 ** 20)} MiB`;
}

/** Why the counts of a report cannot be true (docs/CONTRACT.md, section 6). */
export function reportDefects({ protocol, packets, responseTime, serviceTime }: RunReport): string[] {
  const { planned, sent, unsent, refused, answered, lost, late, failed, corrupt } = packets;
  const { lostUp, lostDown, unexplained, droppedUp, droppedDown } = packets;
  const checks: readonly (readonly [what: string, holds: boolean])[] = [
    ["planned is not sent + unsent + refused", planned === sent + unsent + refused],
    ["sent is not the sum of the fates", sent === answered + lost + late + failed + corrupt],
    ["lost is not the sum of its directions", lost === lostUp + lostDown + unexplained],
    ["more dropped than lost in a direction", droppedUp <= lostUp && droppedDown <= lostDown],
    ["a negative count", Object.values(packets).every((count) => count >= 0)],
    ["response times of other packets than the answered ones", responseTime.count === answered],
    ["service times of other packets than the answered ones", serviceTime.count === answered],
    ["response times over other packets than the sent ones", responseTime.packets === sent],
  ];
  return checks.flatMap(([what, holds]) => (holds ? [] : [`${protocol} report: ${what}: ${JSON.stringify(packets)}`]));
}

/** The sums of the counts of several reports. */
export function addUp(reports: readonly RunReport[], protocol: Protocol): Totals {
  const counts = reports.filter((report) => report.protocol === protocol).map(({ packets }) => packets);
  const sumOf = (name: keyof PacketCounts) => counts.reduce((sum, packets) => sum + packets[name], 0);
  return {
    planned: sumOf("planned"),
    sent: sumOf("sent"),
    unsent: sumOf("unsent"),
    refused: sumOf("refused"),
    answered: sumOf("answered"),
    lost: sumOf("lost"),
    lostUp: sumOf("lostUp"),
    lostDown: sumOf("lostDown"),
    droppedUp: sumOf("droppedUp"),
    droppedDown: sumOf("droppedDown"),
    late: sumOf("late"),
    duplicate: sumOf("duplicate"),
    reordered: sumOf("reordered"),
    corrupt: sumOf("corrupt"),
    failed: sumOf("failed"),
    unexplained: sumOf("unexplained"),
  };
}

/** A line if `value` is not between `least` and `most`. */
function outside(what: string, value: number, least: number, most: number): string[] {
  const allowed = least === most ? `${least}` : `${least} to ${most}`;
  return value >= least && value <= most ? [] : [`${what}: ${value}, expected ${allowed}`];
}

/**
 * Whether the lab's counters agree with each other and with the reports of all packets that it was sent. Only packets
 * that were lost before the lab, for instance with their connection or at a full buffer, may be missing from the lab's
 * counters; and only packets whose fate the sender knows less well than the lab may be missing from the reports' drops.
 */
export function counterDefects(protocol: Protocol, totals: Totals, series: Series): string[] {
  const labels = { protocol };
  const packets = series.get("packets_total", labels);
  const dropped = series.get("dropped_packets_total", labels);
  const answered = series.get("response_time_seconds_count", labels);
  const drops = (reason: string) => series.get("wirelab_drops_total", { protocol, reason });
  const { sent, failed, corrupt, lostUp, unexplained, droppedUp, droppedDown } = totals;
  const bufferDrops = protocol === "udp" ? series.sum("wirelab_udp_receive_buffer_drops_total") : 0;
  const doubtful = failed + corrupt + unexplained;
  const droppedInLab = drops("fault-down") + drops("fault-reset"); // a reset loses the answer
  const lostBefore = lostUp - droppedUp;
  const unreached = lostBefore + failed + bufferDrops + unexplained;
  return [
    ...outside(`${protocol}: packets answered and dropped, of those received`, answered + dropped, packets, packets),
    ...outside(
      `${protocol}: drops by reason, of those dropped`,
      series.sum("wirelab_drops_total", labels),
      dropped,
      dropped,
    ),
    ...outside(`${protocol}: packets received, of ${sent} sent`, packets, sent - unreached, sent - lostBefore),
    ...outside(`${protocol}: packets that faults dropped upstream`, drops("fault-up"), droppedUp, droppedUp + doubtful),
    ...outside(`${protocol}: and downstream`, droppedInLab, droppedDown, droppedDown + doubtful),
    ...outside(`${protocol}: packets that failed in the lab`, drops("failed"), 0, 0),
    ...outside(
      `${protocol}: internal errors`,
      series.get("wirelab_rejected_total", { protocol, reason: "failed" }),
      0,
      0,
    ),
  ];
}

/** Open descriptors without those of HTTP connections, which the soak's own requests keep open. */
export function ownDescriptors(series: Series): number {
  return series.get("process_open_fds") - series.get("wirelab_open_connections", { protocol: "http" });
}

/** What the lab still holds without traffic, compared with a scrape at its start. */
export function remainderDefects(before: Series, after: Series): string[] {
  const sizeOf = (structure: string) => after.get("wirelab_bounded_size", { structure });
  const own = ownDescriptors(before);
  return [
    ...EMPTIED.flatMap((structure) => outside(`${structure} after the load`, sizeOf(structure), 0, 0)),
    ...outside("http-connections after the load", sizeOf("http-connections"), 0, OWN_CONNECTIONS),
    ...outside(
      "sessions after the load",
      sizeOf("sessions"),
      0,
      after.get("wirelab_bounded_limit", { structure: "sessions" }),
    ),
    ...outside("descriptors after the load", ownDescriptors(after), 0, own),
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** The medians of the first and the last third of the samples after the warm-up, and how much the last may be. */
export function memoryTrend(samples: readonly number[]): {
  readonly first: number;
  readonly last: number;
  readonly most: number;
} {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP));
  const third = Math.max(1, Math.floor(settled.length / 3));
  const first = median(settled.slice(0, third));
  return { first, last: median(settled.slice(-third)), most: first + Math.max(GROWTH.least, GROWTH.share * first) };
}

/** Whether the memory of the lab grew. */
export function memoryDefects(samples: readonly number[]): string[] {
  const { first, last, most } = memoryTrend(samples);
  return last <= most
    ? []
    : [`memory: from ${mebibytes(first)} to ${mebibytes(last)}, expected at most ${mebibytes(most)}`];
}

/** All defects of the counters, of every protocol. */
export function allCounterDefects(reports: readonly RunReport[], series: Series): string[] {
  return PROTOCOLS.flatMap((protocol) => counterDefects(protocol, addUp(reports, protocol), series));
}
