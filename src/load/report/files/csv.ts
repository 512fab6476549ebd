/**
 * The run as CSV (RFC 4180): a row for each interval, with the counts of the interval and times in s. A percentile over
 * the timeout is `inf`, which pandas and NumPy read as an infinite number.
 */
import type { IntervalSnapshot } from "../../measure/snapshot.ts";

const COUNTS = [
  "planned",
  "unsent",
  "refused",
  "sent",
  "answered",
  "lost",
  "late",
  "failed",
  "corrupt",
  "duplicate",
  "reordered",
] as const;

/** The header row. A loss is in the row of the interval in which its timeout passed. */
export const CSV_HEADER = ["protocol", "seconds", ...COUNTS, "p50", "p99", "max", "p95"].join(",");

function timeCell(value: number | null): string {
  return value === null ? "" : String(Number(value.toPrecision(6)));
}

/** The row of an interval; `before` is the snapshot of the interval before. A missing number is an empty cell. */
export function csvRow(now: IntervalSnapshot, before: IntervalSnapshot | undefined): string {
  const counts = COUNTS.map((name) => now[name] - (before?.[name] ?? 0));
  const percentile = (name: "p50" | "p95" | "p99") => (now.over[name] === undefined ? timeCell(now[name]) : "inf");
  const times = [percentile("p50"), percentile("p99"), timeCell(now.max), percentile("p95")];
  return [now.protocol, now.seconds.toFixed(3), ...counts, ...times].join(",");
}
