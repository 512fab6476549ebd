/** Two reports side by side: what changed, and whether by more than noise. */

import { formatRate, formatSeconds, formatShare } from "../../base/format.ts";
import { Z95 } from "../../base/numbers.ts";
import type { QuantileName } from "../plan/quantiles.ts";
import type { RunReport } from "./report.ts";
import { layOut } from "./table.ts";

/** Whether a change is more than chance would make, at 95 % confidence; undefined where there is too little to tell. */
export type Significance = "better" | "worse" | "within noise" | "cannot tell";

/** One compared number. */
export interface Change {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly change: string;
  readonly significance: Significance | "";
}

/** A value with the edges of its interval. */
interface Ranged {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Intervals that do not touch differ for certain; this asks for more evidence than a test at 95 % would. */
function byIntervals(before: Ranged, after: Ranged): Significance {
  if (after.low > before.high) return "worse";
  return after.high < before.low ? "better" : "within noise";
}

/** The interval of a difference of two shares from their Wilson intervals (Newcombe 1998, method 10). */
function byShares(before: Ranged, after: Ranged): Significance {
  const difference = after.value - before.value;
  const low = difference - Math.hypot(after.value - after.low, before.high - before.value);
  const high = difference + Math.hypot(after.high - after.value, before.value - before.low);
  if (low > 0) return "worse";
  return high < 0 ? "better" : "within noise";
}

function byMeans(before: RunReport, after: RunReport): Significance {
  const one = before.responseTime;
  const other = after.responseTime;
  if (one.mean === null || other.mean === null || one.stddev === null || other.stddev === null) return "cannot tell";
  const error = Math.hypot(one.stddev / Math.sqrt(one.count), other.stddev / Math.sqrt(other.count));
  const score = (other.mean - one.mean) / error;
  if (score > Z95) return "worse";
  return score < -Z95 ? "better" : "within noise";
}

function percent(before: number, after: number): string {
  if (before === 0) return after === 0 ? "0 %" : "new";
  const change = (after / before - 1) * 100;
  return `${change > 0 ? "+" : ""}${change.toFixed(Math.abs(change) < 10 ? 1 : 0)} %`;
}

function compareQuantile(name: QuantileName, before: RunReport, after: RunReport): Change {
  const one = ranged(before, name);
  const other = ranged(after, name);
  return {
    name: name === "p999" ? "p99.9" : name,
    before: formatSeconds(one?.value ?? null),
    after: formatSeconds(other?.value ?? null),
    change: one === undefined || other === undefined ? "" : percent(one.value, other.value),
    significance: one === undefined || other === undefined ? "cannot tell" : byIntervals(one, other),
  };
}

function ranged({ responseTime }: RunReport, name: QuantileName): Ranged | undefined {
  const value = responseTime[name];
  const edges = responseTime.intervals?.[name];
  return value === null || edges === undefined ? undefined : { value, low: edges[0], high: edges[1] };
}

/** Everything worth comparing of two reports of one protocol. */
export function compareReports(before: RunReport, after: RunReport): Change[] {
  const shares = (report: RunReport): Ranged => ({
    value: report.loss.ratio,
    low: report.loss.low,
    high: report.loss.high,
  });
  const [one, other] = [before.responseTime.mean, after.responseTime.mean];
  return [
    {
      name: "rate",
      before: formatRate(before.rate.achieved),
      after: formatRate(after.rate.achieved),
      change: percent(before.rate.achieved, after.rate.achieved),
      significance: "",
    },
    {
      name: "loss",
      before: formatShare(before.loss.ratio),
      after: formatShare(after.loss.ratio),
      change: percent(before.loss.ratio, after.loss.ratio),
      significance: byShares(shares(before), shares(after)),
    },
    {
      name: "mean",
      before: formatSeconds(one),
      after: formatSeconds(other),
      change: one === null || other === null ? "" : percent(one, other),
      significance: byMeans(before, after),
    },
    ...(["p50", "p90", "p99", "p999"] as const).map((name) => compareQuantile(name, before, after)),
  ];
}

/** The comparison as text: a table for each protocol that both have. */
export function renderComparison(before: readonly RunReport[], after: readonly RunReport[]): string {
  const tables = after.map((report) => {
    const old = before.find(({ protocol }) => protocol === report.protocol);
    if (old === undefined) return `${report.protocol}: not in the earlier report\n`;
    const rows = compareReports(old, report).map(({ name, before: was, after: is, change, significance }) => [
      name,
      was,
      is,
      change,
      significance,
    ]);
    return `${layOut([[report.protocol, "before", "after", "change", ""], ...rows])}\n`;
  });
  return tables.join("\n");
}

/** The reports in a JSON text, or undefined where it holds something else. */
export function readReports(text: string): RunReport[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return list.length > 0 && list.every(isReport) ? list : undefined;
}

function isReport(value: unknown): value is RunReport {
  // The schema's name stands for its shape: whatever bears it was written by this program.
  return typeof value === "object" && value !== null && Reflect.get(value, "schema") === "wirelab.run/1";
}
