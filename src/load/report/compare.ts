/** Compares two reports: the changes, and whether they are statistically significant. */
import { formatRate, formatSeconds, formatShare, NONE } from "../../base/format.ts";
import { Z95 } from "../../base/numbers.ts";
import { QUANTILE_NAMES, type QuantileName, quantileLabel } from "../plan/quantiles.ts";
import type { RunReport } from "./report.ts";
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

/** A value with the limits of its confidence interval. */
interface Ranged {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Intervals that do not overlap differ significantly. The criterion is stricter than a test at 95 %. */
function compareIntervals(before: Ranged, after: Ranged): Significance {
  if (after.low > before.high) return "worse";
  return after.high < before.low ? "better" : "within noise";
}

/** Compares shares by the interval of their difference, from their Wilson intervals (Newcombe 1998, method 10). */
function compareShares(before: Ranged, after: Ranged): Significance {
  const difference = after.value - before.value;
  const low = difference - Math.hypot(after.value - after.low, before.high - before.value);
  const high = difference + Math.hypot(after.high - after.value, before.value - before.low);
  if (low > 0) return "worse";
  return high < 0 ? "better" : "within noise";
}

function compareMeans(before: RunReport, after: RunReport): Significance {
  const one = before.responseTime;
  const other = after.responseTime;
  if (one.mean === null || other.mean === null || one.stddev === null || other.stddev === null) return "cannot tell";
  const error = Math.hypot(one.stddev / Math.sqrt(one.count), other.stddev / Math.sqrt(other.count));
  const score = (other.mean - one.mean) / error;
  if (score > Z95) return "worse";
  return score < -Z95 ? "better" : "within noise";
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
  [before, after]: readonly [before: number | null, after: number | null],
  format: (value: number) => string,
  significance: Change["significance"],
): Change {
  const text = (value: number | null) => (value === null ? NONE : format(value));
  return { name, before: text(before), after: text(after), change: formatChange(before, after), significance };
}

function rangedQuantile({ responseTime }: RunReport, name: QuantileName): Ranged | undefined {
  const value = responseTime[name];
  const limits = responseTime.intervals?.[name];
  return value === null || limits === undefined ? undefined : { value, low: limits[0], high: limits[1] };
}

function compareQuantile(name: QuantileName, before: RunReport, after: RunReport): Change {
  const one = rangedQuantile(before, name);
  const other = rangedQuantile(after, name);
  const significance = one === undefined || other === undefined ? "cannot tell" : compareIntervals(one, other);
  return changeOf(quantileLabel(name), [one?.value ?? null, other?.value ?? null], formatSeconds, significance);
}

function rangedLoss({ loss }: RunReport): Ranged {
  return { value: loss.ratio, low: loss.low, high: loss.high };
}

/** The changes from one report to another of the same protocol. */
export function compareReports(before: RunReport, after: RunReport): Change[] {
  const loss = compareShares(rangedLoss(before), rangedLoss(after));
  return [
    changeOf("rate", [before.rate.achieved, after.rate.achieved], formatRate, ""),
    changeOf("loss", [before.loss.ratio, after.loss.ratio], formatShare, loss),
    changeOf("mean", [before.responseTime.mean, after.responseTime.mean], formatSeconds, compareMeans(before, after)),
    ...QUANTILE_NAMES.map((name) => compareQuantile(name, before, after)),
  ];
}

/** The comparison as text: a table for each report in `after`. */
export function renderComparison(before: readonly RunReport[], after: readonly RunReport[]): string {
  const tables = after.map((report) => {
    const earlier = before.find(({ protocol }) => protocol === report.protocol);
    if (earlier === undefined) return `${report.protocol}: not in the earlier report\n`;
    const rows = compareReports(earlier, report).map((change) => [
      change.name,
      change.before,
      change.after,
      change.change,
      change.significance,
    ]);
    return `${layOut([[report.protocol, "before", "after", "change", ""], ...rows])}\n`;
  });
  return tables.join("\n");
}
