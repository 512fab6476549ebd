/** How much the delays of a run depend on each other, and whether an interval can be based on that. */

import type { Histogram } from "../histograms/histogram.ts";
import { degreesFor, independentBatches, longRunVariance, meanOf } from "../statistics/dependence.ts";
import { tailShape } from "../statistics/tail.ts";
import type { BatchMeans, DelaySeries } from "./delay-series.ts";

/** A lag-1 autocorrelation of more standard errors than this is dependence. */
const SIGNIFICANT = 2;
/** A variance inflation above this is dependence, whatever the lag-1 autocorrelation. */
const INFLATED = 2;
/** Quantiles at most this far from the median (p50 and p90) measure the dependence: others have too few exceedances. */
const CENTRAL = 0.42;
/** Above this tail shape of their steps, dependent delays have bursts without a usable variance. */
const HEAVIEST_STEPS = 0.2;

/** Why a quantile or a mean has no interval. */
export type Unknown = "too few" | "too dependent" | "heavy-tailed";

/** The dependence between the delays of a series. */
export interface Dependence {
  /** Degrees of freedom of the long-run variances; 0 when they cannot be estimated. */
  readonly degrees: number;
  /** Whether the delays are significantly dependent. */
  readonly dependent: boolean;
  /**
   * Why the series has no interval at all. Heavy-tailed are dependent delays that rise in heavy-tailed steps: their
   * bursts of large delays have no usable variance.
   */
  readonly unknown: Unknown | undefined;
  /** The variance inflation near the median. */
  readonly inflation: number;
  /** The variance inflation at each quantile; undefined where all or no delays are below its level. */
  readonly inflations: readonly (number | undefined)[];
}

/** Whether a tail is heavier than `limit`, within one standard error. A tail that is too short to tell counts as heavy. */
export function isHeavy(tail: ReturnType<typeof tailShape>, limit: number): boolean {
  return tail === undefined || tail.shape + tail.error > limit;
}

/** The variance of an indicator that is 1 with this probability. */
export function varianceOf(share: number): number {
  return share * (1 - share);
}

/**
 * The inflation φ at one level: the long-run variance of the share below it over that of independent delays.
 * Undefined where no delay, or every delay, is below the level.
 */
function inflationAt(below: Float64Array, size: number, degrees: number): number | undefined {
  const variance = degrees > 0 ? varianceOf(meanOf(below)) : 0;
  return variance > 0 ? (longRunVariance(below, degrees) * size) / variance : undefined;
}

/** Whether even independent batches would be too few. */
function isShort(batches: Float64Array): boolean {
  return degreesFor(batches.length) === 0;
}

/**
 * Measures the dependence of a series.
 * @param steps the absolute differences of consecutive delays
 */
export function dependenceOf(
  series: DelaySeries,
  steps: Histogram,
  { size, below, deviations }: BatchMeans,
): Dependence {
  const isCentral = (_: unknown, i: number) => Math.abs((series.quantiles[i] ?? 0) - 0.5) <= CENTRAL;
  const independent = [...below.filter(isCentral), deviations].map((means) => independentBatches(means));
  const degrees = degreesFor(Math.min(...independent));
  const inflations = below.map((shares) => inflationAt(shares, size, degrees));
  const correlation = Math.min(0.9999, Math.max(0, series.autocorrelation));
  const significant = correlation > SIGNIFICANT / Math.sqrt(series.values.count);
  const chain = significant ? (1 + correlation) / (1 - correlation) : 1;
  const inflation = Math.max(chain, ...inflations.filter(isCentral).map((own) => own ?? 1));
  const dependent = significant || inflation > INFLATED;
  const heavy = dependent && isHeavy(tailShape(steps.filled(), steps.count), HEAVIEST_STEPS);
  const unknown =
    degrees > 0 ? (heavy ? "heavy-tailed" : undefined) : isShort(deviations) ? "too few" : "too dependent";
  return { degrees, dependent, unknown, inflation, inflations };
}
