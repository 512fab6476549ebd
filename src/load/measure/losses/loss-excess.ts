/**
 * How much the losses of a run vary beyond a two-state Markov chain. The longest burst reveals bursts on top of other
 * losses, the batch sums reveal a loss ratio that changes slowly. If the run has enough of such bursts or changes, the
 * interval of the ratio takes its width from the larger variance; if not, there is no interval.
 *
 * A run without any of the rare bursts, or a run shorter than a change, looks like a chain, and nothing in it tells
 * otherwise.
 */
import { clamp } from "../../../base/numbers.ts";
import { cosinePowers, degreesFor, FEWEST_DEGREES, independentBatches, meanOf } from "../statistics/dependence.ts";
import { varianceExcess } from "../statistics/distributions.ts";
import { logFactorial } from "../statistics/estimates.ts";
import type { LossPattern } from "./loss-pattern.ts";

/** If the longest burst of a run has a lower probability than this, the chain does not describe the losses. */
const IMPROBABLE = 0.03;
/**
 * The variance of the losses is compared with that of the chain at so many of the lowest frequencies: few reveal a slow
 * change, more a faster one. Each comparison is significant at 2.5 %, all of them at about 8 %.
 */
const WANDER_SCALES = [1, 2, 4, 8, 16];
const MOST_FREQUENCIES = 24;
/** If the power at the lowest third of the frequencies is larger by more than this, the changes are too slow. */
const STEEPEST = 2;
/** Least number of degrees of freedom of the limits where there is no interval. */
export const FEWEST_FOR_LIMITS = 2;
/** Least number of dominant bursts for an interval when the chain does not describe the losses. */
const FEWEST_DOMINANT = 7;

/** Why a loss ratio has no interval. */
export type LossUnknown = "too few bursts" | "changes slowly";

/** How much the variance of the losses exceeds that of the chain. */
export interface Excess {
  /** Variance of the loss ratio over that of the chain; 1 when they do not differ significantly. */
  readonly factor: number;
  /** Degrees of freedom of the factor. */
  readonly degrees: number;
  readonly unknown: LossUnknown | undefined;
}

/** A chain describes the losses. */
export const NO_EXCESS: Excess = { factor: 1, degrees: MOST_FREQUENCIES, unknown: undefined };

/** ln of the binomial coefficient. */
function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/**
 * Whether a chain makes a burst as long as the longest one with a usual probability. The lengths of m bursts of a chain
 * with N losses are any m positive numbers of the sum N with the same probability, whatever r is. That one of them is at
 * least L has the probability C(N - L, m - 1)/C(N - 1, m - 1); m times that is a close upper limit for the longest.
 */
function explainsLongest({ bursts, lost }: LossPattern): boolean {
  const others = bursts.count - 1;
  const longest = bursts.longest ?? 1;
  return (
    Math.log(bursts.count) + logChoose(lost - longest, others) - logChoose(lost - 1, others) >= Math.log(IMPROBABLE)
  );
}

/** Whether the powers at the lowest frequencies, in units of the variance without slow changes, are improbable. */
function wandersOver(powers: Float64Array): boolean {
  return WANDER_SCALES.some((count) => meanOf(powers.subarray(0, count)) > varianceExcess(count));
}

/** Whether the power still rises towards the lowest frequencies, so that the run is too short for its changes. */
function risesToLowest(powers: Float64Array, degrees: number): boolean {
  const lowest = Math.floor(degrees / 3);
  return meanOf(powers.subarray(0, lowest)) > STEEPEST * meanOf(powers.subarray(lowest, degrees));
}

/** The excess of the batch sums over `noise`, the variance of a batch mean without slow changes. */
function excessOfBatches(means: Float64Array, noise: number): Excess {
  const powers = cosinePowers(means, MOST_FREQUENCIES).map((power) => power / noise);
  if (!wandersOver(powers)) return NO_EXCESS;
  const usable = degreesFor(independentBatches(means, noise));
  const slow = usable === 0 || risesToLowest(powers, usable);
  const degrees = slow ? FEWEST_FOR_LIMITS : usable;
  const factor = Math.max(1, ...[degrees, FEWEST_DEGREES].map((count) => meanOf(powers.subarray(0, count))));
  return { factor, degrees, unknown: slow ? "changes slowly" : undefined };
}

/** The excess of the burst lengths over the chain's variance; `inflation` is the chain's variance inflation. */
function excessOfBursts(pattern: LossPattern, inflation: number): Excess {
  const { bursts, packets, lost } = pattern;
  if (explainsLongest(pattern)) return NO_EXCESS;
  const degrees = clamp(Math.floor(bursts.dominantRuns), FEWEST_FOR_LIMITS, MOST_FREQUENCIES);
  return {
    factor: Math.max(1, (bursts.concentration * (1 - lost / packets)) / inflation),
    degrees,
    unknown: bursts.dominantRuns < FEWEST_DOMINANT ? "too few bursts" : undefined,
  };
}

/** How much the variance of the losses exceeds that of a chain with this variance inflation. */
export function excessOf(pattern: LossPattern, inflation: number): Excess {
  const ratio = pattern.lost / pattern.packets;
  const byBursts = excessOfBursts(pattern, inflation);
  const noise = (ratio * (1 - ratio) * inflation * byBursts.factor) / pattern.batches.size;
  const byBatches = excessOfBatches(pattern.batches.means(0), noise);
  return {
    factor: byBursts.factor * byBatches.factor,
    degrees: Math.min(byBursts.degrees, byBatches.degrees),
    unknown: byBursts.unknown ?? byBatches.unknown,
  };
}
