/** What has to be true after the load: pure functions that return one line for each defect. */
import type { RunReport } from "../../src/load/report/report.ts";

/** The series of one scrape, as test/support/scrape.ts reads them. */
export interface Series {
  get(name: string, labels?: Readonly<Record<string, string>>): number;
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

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

/** A line if `value` is not between `least` and `most`. */
export function outside(what: string, value: number, least: number, most: number): string[] {
  const allowed = least === most ? `${least}` : `${least} to ${most}`;
  return value >= least && value <= most ? [] : [`${what}: ${value}, expected ${allowed}`];
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
