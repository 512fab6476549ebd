/** The run as CSV (RFC 4180): a row for each interval, counts of that interval, times in s. */
import type { IntervalSnapshot } from "../measure/snapshot.ts";

const COUNTS = [
  "planned",
  "unsent",
  "sent",
  "answered",
  "lost",
  "late",
  "failed",
  "corrupt",
  "duplicate",
  "reordered",
] as const;

/** The first row. A loss stands in the interval in which its timeout passed. */
export const CSV_HEADER = ["protocol", "seconds", ...COUNTS, "p50", "p99", "max"].join(",");

/** One interval's row: what came since the snapshot before. Empty where there is no number. */
export function csvRow(now: IntervalSnapshot, before: IntervalSnapshot | undefined): string {
  const counts = COUNTS.map((name) => now[name] - (before?.[name] ?? 0));
  const times = [now.p50, now.p99, now.max].map((value) =>
    value === null ? "" : String(Number(value.toPrecision(6))),
  );
  return [now.protocol, now.seconds.toFixed(3), ...counts, ...times].join(",");
}
