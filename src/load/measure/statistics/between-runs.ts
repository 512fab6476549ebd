/** Means over repeated runs, and their differences, with 95 % intervals from the variation between the runs. */

import type { Ranged } from "./difference.ts";
import { studentT } from "./distributions.ts";
import type { Interval } from "./estimates.ts";

/** A value of several runs. */
export interface Sample {
  readonly count: number;
  readonly mean: number;
  /** Of the single values; 0 for fewer than two runs. */
  readonly variance: number;
}

/** A difference of two means with its 95 % interval, and the degrees of freedom of that interval. */
export interface MeanDifference extends Ranged {
  readonly degrees: number;
}

/** The sample of one value for each run; undefined without a run. */
export function sampleOf(values: readonly number[]): Sample | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, variance: count < 2 ? 0 : squares / (count - 1) };
}

/** The 95 % t-interval of the mean; undefined for fewer than two runs. */
export function meanInterval({ count, mean, variance }: Sample): Interval | undefined {
  if (count < 2) return undefined;
  const half = studentT(count - 1) * Math.sqrt(variance / count);
  return { low: mean - half, high: mean + half };
}

/**
 * The 95 % interval of the mean of `after` less that of `before`: Welch's (1947) for two samples of several runs. A
 * single run is taken to vary as the runs of the other side do. Undefined for two single runs, which do not show how
 * much runs vary.
 * @param leastVariance a lower limit of the variance between runs, such as that of rounding
 */
export function meanDifference(before: Sample, after: Sample, leastVariance = 0): MeanDifference | undefined {
  if (before.count < 2 && after.count < 2) return undefined;
  const squaredError = (own: Sample, other: Sample) =>
    Math.max(leastVariance, (own.count < 2 ? other : own).variance) / own.count;
  const errors = [squaredError(before, after), squaredError(after, before)] as const;
  const value = after.mean - before.mean;
  const degrees = degreesOf(before.count, after.count, errors);
  const half = studentT(degrees) * Math.sqrt(errors[0] + errors[1]);
  return { value, low: value - half, high: value + half, degrees };
}

/**
 * The 95 % t-interval of the mean difference of pairs of runs, which excludes what changed from one pair to the next.
 * Undefined for fewer than two pairs.
 * @param pairs the values of the two runs of each pair
 * @param leastVariance a lower limit of the variance between runs
 */
export function pairedDifference(
  pairs: readonly (readonly [before: number, after: number])[],
  leastVariance = 0,
): MeanDifference | undefined {
  const differences = sampleOf(pairs.map(([before, after]) => after - before));
  const variance = Math.max(2 * leastVariance, differences?.variance ?? 0);
  const interval = differences && meanInterval({ ...differences, variance });
  return interval && { ...interval, value: differences.mean, degrees: differences.count - 1 };
}

/** The degrees of freedom by Welch and Satterthwaite; those of the other side if one side is a single run. */
function degreesOf(before: number, after: number, [one, other]: readonly [one: number, other: number]): number {
  if (before < 2 || after < 2) return Math.max(before, after) - 1;
  if (one + other === 0) return Math.min(before, after) - 1;
  return (one + other) ** 2 / (one ** 2 / (before - 1) + other ** 2 / (after - 1));
}
