/**
 * 95 % intervals of the quantiles and of the mean of delays that can depend on each other.
 *
 * The number of delays above a quantile has φ times the variance of independent delays, where φ is the variance
 * inflation: the long-run variance of the exceedances over their variance. The interval of a quantile reaches from one
 * order statistic to another, whose ranks follow from that variance and from a t quantile, because φ is estimated.
 * There is no interval when the delays are too few, too dependent, or dependent and heavy-tailed: then rare bursts
 * that a run of this length does not contain decide the quantiles.
 */

import type { Histogram } from "../histograms/histogram.ts";
import { longRunVariance } from "../statistics/dependence.ts";
import { studentT } from "../statistics/distributions.ts";
import type { Interval } from "../statistics/estimates.ts";
import { tailShape } from "../statistics/tail.ts";
import { type Dependence, dependenceOf, isHeavy, type Unknown, varianceOf } from "./delay-dependence.ts";
import type { BatchMeans, DelaySeries } from "./delay-series.ts";

/** Least expected number of independent delays on the smaller side of a quantile. */
const FEWEST_BEYOND = 5;
/** The same for dependent delays, whose number of independent ones is an estimate. */
const FEWEST_BEYOND_DEPENDENT = 15;
/** Least number of independent delays for a mean. */
const FEWEST_FOR_MEAN = 30;
/**
 * Least number of independent delays for a mean, per squared skewness. Four times Cochran's rule (Sampling Techniques,
 * section 2.15), because sums of dependent delays are more skewed than sums of independent ones.
 */
const PER_SQUARED_SKEWNESS = 100;
/** Above this tail shape of the delays, the mean of a run is not close to normally distributed. */
const HEAVIEST_DELAYS = 0.25;

/** A 95 % interval, or the reason why there is none. */
export interface Precision {
  /** In s. An end that lies among the unanswered packets is Infinity. */
  readonly interval: Interval | undefined;
  readonly unknown: Unknown | undefined;
}

/** The precision of a run's delays. */
export interface DelayPrecision {
  /** One for each quantile of the series, in the same order. */
  readonly quantiles: readonly Precision[];
  /** Of the mean delay of the answered packets. */
  readonly mean: Precision;
  /** How many independent packets would give the same precision; at most the packets sent. */
  readonly effectivePackets: number;
}

function unknown(reason: Unknown): Precision {
  return { interval: undefined, unknown: reason };
}

/** The delay of rank `rank` among all packets, in s; Infinity among the unanswered ones. */
function atRank(series: DelaySeries, rank: number): number {
  const { values } = series;
  return rank > values.count + 0.5 ? Number.POSITIVE_INFINITY : (values.atRank(rank) ?? Number.POSITIVE_INFINITY);
}

/** The interval of the quantile `q` at a variance inflation estimated with these degrees of freedom. */
function quantileInterval(series: DelaySeries, q: number, inflation: number, degrees: number): Precision {
  const { packets } = series;
  const above = packets * (1 - q);
  const half = studentT(degrees) * Math.sqrt(packets * varianceOf(q) * inflation);
  // The first Cornish-Fisher term, because counts of rare events are skewed.
  const skew = ((studentT(degrees) ** 2 - 1) / 6) * (2 * q - 1) * inflation;
  const [fewest, most] = [above + skew - half, above + skew + half];
  if (fewest < 0.5 || most > packets - 0.5) return unknown("too few");
  return {
    interval: { low: atRank(series, packets - most + 0.5), high: atRank(series, packets - fewest + 0.5) },
    unknown: undefined,
  };
}

function quantilePrecision(series: DelaySeries, index: number, dependence: Dependence): Precision {
  const q = series.quantiles[index] ?? 0;
  const { degrees, dependent, inflations } = dependence;
  if (dependence.unknown !== undefined) return unknown(dependence.unknown);
  const own = inflations[index] ?? dependence.inflation;
  // Of independent delays, the estimated inflation would select runs with a small variance.
  const beyond = (series.packets * Math.min(q, 1 - q)) / (dependent ? Math.max(dependence.inflation, own) : 1);
  if (beyond < (dependent ? FEWEST_BEYOND_DEPENDENT : FEWEST_BEYOND)) return unknown("too few");
  return quantileInterval(series, q, own, degrees);
}

/** The skewness of the delays; 0 if they do not vary. */
function skewness({ values, mean = 0, deviation = 0 }: DelaySeries): number {
  if (deviation === 0) return 0;
  let cubes = 0;
  for (const { start, width, count } of values.filled()) cubes += count * (start + width / 2 - mean) ** 3;
  return cubes / values.count / deviation ** 3;
}

function meanPrecision(series: DelaySeries, { deviations }: BatchMeans, dependence: Dependence): Precision {
  const { degrees, inflation } = dependence;
  const { mean, values, packets } = series;
  if (dependence.unknown !== undefined) return unknown(dependence.unknown);
  if (isHeavy(tailShape(values.filled(), values.count), HEAVIEST_DELAYS)) return unknown("heavy-tailed");
  const needed = Math.max(FEWEST_FOR_MEAN, PER_SQUARED_SKEWNESS * skewness(series) ** 2);
  if (mean === undefined || packets / inflation < needed) return unknown("too few");
  const error = Math.sqrt(longRunVariance(deviations, degrees) / deviations.length) / (values.count / packets);
  const half = studentT(degrees) * error;
  return { interval: { low: mean - half, high: mean + half }, unknown: undefined };
}

/**
 * The precision of the quantiles and of the mean of a series.
 * @param steps the absolute differences of consecutive delays
 */
export function estimateDelays(series: DelaySeries, steps: Histogram): DelayPrecision {
  const batches = series.batchMeans();
  const dependence = dependenceOf(series, steps, batches);
  return {
    quantiles: series.quantiles.map((_, index) => quantilePrecision(series, index, dependence)),
    mean: meanPrecision(series, batches, dependence),
    effectivePackets: Math.min(series.packets, series.packets / dependence.inflation),
  };
}
