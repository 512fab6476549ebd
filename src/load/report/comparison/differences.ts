/** Differences between the values of two sides: single runs, sets of runs, or runs that alternated. */

import { lossBoundIfIndependent } from "../../measure/losses/loss-interval.ts";
import { type MeanDifference, meanDifference, pairedDifference } from "../../measure/statistics/between-runs.ts";
import { difference, type Ranged } from "../../measure/statistics/difference.ts";
import type { RunReport } from "../report.ts";
import { leastVariance, overOf, type RunValue, runValue, setValue } from "./run-set.ts";

/** The reports of one side. */
export type Reports = readonly RunReport[];

/** The runs of one protocol before and after. */
export interface Pair {
  readonly before: Reports;
  readonly after: Reports;
  /** Whether the runs of both sides alternated, in the order of both lists. */
  readonly paired?: boolean;
}

/** The value of a single run with its own interval. */
function rangedValue(report: RunReport, name: RunValue, other: RunReport): Ranged | undefined {
  if (name === "rate") return undefined;
  if (name === "loss") return rangedLoss(report, other);
  const value = report.responseTime[name];
  const limits = report.responseTime.intervals[name];
  if (value === null || limits === undefined) return undefined;
  return { value, low: limits[0], high: limits[1] ?? Number.POSITIVE_INFINITY };
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

/** Whether the percentiles of a report are over the answered packets, as in the first schema, and some were not answered. */
function leavesOutUnanswered({ loss, packets }: RunReport): boolean {
  return loss.reason === "earlier schema" && packets.answered < packets.sent;
}

/** Whether both sides define the value in the same way. */
export function isComparable(name: RunValue, { before, after }: Pair): boolean {
  const isPercentile = name !== "rate" && name !== "loss" && name !== "mean";
  return !(isPercentile && [...before, ...after].some(leavesOutUnanswered));
}

/** Whether the rate is a result of the run, as in a closed loop, and not of the plan. */
export function isMeasuredRate({ before, after }: Pair): boolean {
  return [...before, ...after].every(({ rate }) => rate.offered === null);
}

/** The difference over the runs of both sides; undefined if both are single runs or a value is missing. */
export function differenceOfSets(name: RunValue, pair: Pair): MeanDifference | undefined {
  const [before, after] = [setValue(pair.before, name).sample, setValue(pair.after, name).sample];
  if (before === undefined || after === undefined || !isComparable(name, pair)) return undefined;
  const least = leastVariance(name, [...pair.before, ...pair.after]);
  return pair.paired ? pairedDifference(pairedValues(name, pair), least) : meanDifference(before, after, least);
}

function pairedValues(name: RunValue, { before, after }: Pair) {
  return before.flatMap((report, index) => {
    const other = after[index];
    const values = [runValue(report, name), other === undefined ? null : runValue(other, name)] as const;
    return values[0] === null || values[1] === null ? [] : [[values[0], values[1]] as const];
  });
}

/** The difference of two single runs, by their own intervals. */
export function differenceOfRuns(name: RunValue, { before: [before], after: [after] }: Pair): Ranged | undefined {
  if (before === undefined || after === undefined) return undefined;
  const ranges = [rangedValue(before, name, after), rangedValue(after, name, before)] as const;
  return ranges[0] && ranges[1] && difference(ranges[0], ranges[1]);
}

/** Above this probability that chance alone separates both sides, a separation is not significant. */
const SIGNIFICANT = 0.05;

/**
 * 1 if all runs after are over the timeout and none before, -1 for the opposite, by the exact permutation test; 0 if
 * neither is the case or chance explains it.
 */
export function separation(name: RunValue, pair: Pair): 1 | 0 | -1 {
  const { before, after, paired } = pair;
  const overAll = (reports: Reports) => reports.every((report) => overOf(report, name) !== undefined);
  const valueOfAll = (reports: Reports) => reports.every((report) => runValue(report, name) !== null);
  const orders = paired ? 2 ** before.length : combinations(before.length + after.length, after.length);
  if (2 / orders > SIGNIFICANT || !isComparable(name, pair)) return 0;
  if (valueOfAll(before) && overAll(after)) return 1;
  return overAll(before) && valueOfAll(after) ? -1 : 0;
}

/** The number of ways to choose `k` of `n`. */
function combinations(n: number, k: number): number {
  let ways = 1;
  for (let chosen = 1; chosen <= k; chosen++) ways *= (n - k + chosen) / chosen;
  return ways;
}
