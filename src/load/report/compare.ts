/** Compares two reports: the changes, and whether they are statistically significant. */
import { formatRate, formatShare } from "../../base/format.ts";
import { difference, ONE_PAIR, type Ranged } from "../measure/difference.ts";
import { lossBoundIfIndependent } from "../measure/loss-interval.ts";
import { QUANTILE_NAMES, quantileLabel } from "../plan/quantiles.ts";
import { formatTime } from "./format-time.ts";
import type { EstimatedTime, RunReport } from "./report.ts";
import { layOut } from "./table.ts";

/** Whether a change is significant at 95 % confidence; "cannot tell" if there is too little data. */
export type Significance = "better" | "worse" | "within noise" | "cannot tell";

/** One compared value, formatted for display. */
export interface Change {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly change: string;
  /** Empty for a value that is not tested. */
  readonly significance: Significance | "";
}

/** Whether the interval of the difference excludes 0. Unknown without both intervals. */
function compareValues(before: Ranged | undefined, after: Ranged | undefined): Significance {
  const change = before && after && difference(before, after);
  if (change === undefined) return "cannot tell";
  if (change.low > 0) return "worse";
  return change.high < 0 ? "better" : "within noise";
}

/** The change in percent; empty if one of the values is missing. */
function formatChange(before: number | null, after: number | null): string {
  if (before === null || after === null) return "";
  if (before === 0) return after === 0 ? "0 %" : "new";
  const percent = (after / before - 1) * 100;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(Math.abs(percent) < 10 ? 1 : 0)} %`;
}

function changeOf(
  name: string,
  [before, after]: readonly [before: number, after: number],
  format: (value: number) => string,
  significance: Change["significance"],
): Change {
  return { name, before: format(before), after: format(after), change: formatChange(before, after), significance };
}

function rangedTime({ responseTime }: RunReport, name: EstimatedTime): Ranged | undefined {
  const value = responseTime[name];
  const limits = responseTime.intervals[name];
  if (value === null || limits === undefined) return undefined;
  return { value, low: limits[0], high: limits[1] ?? Number.POSITIVE_INFINITY };
}

/** Whether the percentiles of a report are over the answered packets, as in the first schema, and some were not answered. */
function leavesOutUnanswered({ loss, packets }: RunReport): boolean {
  return loss.reason === "earlier schema" && packets.answered < packets.sent;
}

function compareTimes(name: EstimatedTime, before: RunReport, after: RunReport): Change {
  const differ = name !== "mean" && (leavesOutUnanswered(before) || leavesOutUnanswered(after));
  return {
    name: quantileLabel(name),
    before: formatTime(before.responseTime, name),
    after: formatTime(after.responseTime, name),
    change: differ ? "" : formatChange(before.responseTime[name], after.responseTime[name]),
    significance: compareValues(rangedTime(before, name), rangedTime(after, name)),
  };
}

/**
 * The loss with its interval. A run without losses gets one if the other run has one: if the losses of both depend on
 * each other in the same way, its effective sample size is the same share of its packets.
 */
function rangedLoss({ loss, packets }: RunReport, other: RunReport): Ranged | undefined {
  if (loss.low !== null && loss.high !== null) return { value: loss.ratio, low: loss.low, high: loss.high };
  if (loss.reason !== "no losses" || other.loss.effectiveSampleSize === null) return undefined;
  const effective = (packets.sent * other.loss.effectiveSampleSize) / other.packets.sent;
  return { value: 0, low: 0, high: lossBoundIfIndependent(effective) };
}

/** The changes from one report to another of the same protocol. */
export function compareReports(before: RunReport, after: RunReport): Change[] {
  const loss = compareValues(rangedLoss(before, after), rangedLoss(after, before));
  return [
    changeOf("rate", [before.rate.achieved, after.rate.achieved], formatRate, ""),
    changeOf("loss", [before.loss.ratio, after.loss.ratio], formatShare, loss),
    ...(["mean", ...QUANTILE_NAMES] as const).map((name) => compareTimes(name, before, after)),
  ];
}

/** What limits a comparison: sentences that every display of it shows. */
export function limitsOf(before: RunReport, after: RunReport): string[] {
  const isEarlier = [before, after].some(({ loss }) => loss.reason === "earlier schema");
  const earlier =
    "A report of schema wirelab.run/1 has percentiles of the answered packets only, and intervals that hold for " +
    "independent packets only: whether it differs cannot be told.";
  return isEarlier ? [earlier, ONE_PAIR] : [ONE_PAIR];
}

/** The comparison as text: a table for each report in `after`, then what limits it. */
export function renderComparison(before: readonly RunReport[], after: readonly RunReport[]): string {
  const limits = new Set<string>();
  const tables = after.map((report) => {
    const earlier = before.find(({ protocol }) => protocol === report.protocol);
    if (earlier === undefined) return `${report.protocol}: not in the earlier report\n`;
    for (const limit of limitsOf(earlier, report)) limits.add(limit);
    const rows = compareReports(earlier, report).map((change) => [
      change.name,
      change.before,
      change.after,
      change.change,
      change.significance,
    ]);
    return `${layOut([[report.protocol, "before", "after", "change", ""], ...rows])}\n`;
  });
  return [...tables, ...Array.from(limits, (limit) => `${limit}\n`)].join("\n");
}
