/** A run's intervals as rows of a table and as columns of a chart. */
import { duration, grouped, inline, percent } from "../../base/format.ts";
import { PROTOCOLS, type Protocol } from "../../base/protocol.ts";
import { formatTime } from "../../load/report/format-time.ts";
import type { RunState } from "../../runs/shapes.ts";
import type { Values } from "../ui/series.ts";

/** One interval of one protocol. */
export type Interval = RunState["snapshots"][number];

/** The latest interval of each protocol of the run, in the order of the protocols. */
export function latestIntervals(intervals: readonly Interval[]): readonly Interval[] {
  return PROTOCOLS.flatMap((protocol) => intervals.findLast((interval) => interval.protocol === protocol) ?? []);
}

/** Counts that most runs do not have. */
const RARE = ["late", "failed", "corrupt", "unsent", "refused"] as const;

/** The cells of an interval: sent, answered, lost, loss ratio, p50, p95, p99, other counts. */
export function intervalCells(interval: Interval): readonly string[] {
  const { sent, answered, lost } = interval;
  const loss = inline(percent(sent === 0 ? null : lost / sent));
  const times = (["p50", "p95", "p99"] as const).map((name) =>
    formatTime(interval, name, (seconds) => inline(duration(seconds))),
  );
  const rare = RARE.filter((name) => interval[name] > 0).map((name) => `${name} ${grouped(interval[name])}`);
  return [grouped(sent), grouped(answered), grouped(lost), loss, ...times, rare.join(", ")];
}

/** Seconds of the run, and p50 and p99 of each protocol in each of them; Infinity where they are over the timeout. */
export function intervalColumns(intervals: readonly Interval[]): { readonly xs: number[]; readonly columns: Values[] } {
  const second = (interval: Interval) => Math.round(interval.seconds);
  const xs = [...new Set(intervals.map(second))].sort((a, b) => a - b);
  const column = (protocol: Protocol, name: "p50" | "p99"): Values => {
    const own = intervals.filter((interval) => interval.protocol === protocol);
    const timeOf = (interval: Interval) =>
      interval.over[name] === undefined ? interval[name] : Number.POSITIVE_INFINITY;
    const values = new Map(own.map((interval) => [second(interval), timeOf(interval)]));
    return xs.map((x) => values.get(x) ?? null);
  };
  return { xs, columns: PROTOCOLS.flatMap((protocol) => [column(protocol, "p50"), column(protocol, "p99")]) };
}
