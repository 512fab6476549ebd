/**
 * The 95 % interval of a loss ratio for losses that can be independent or in bursts.
 *
 * The model is a two-state Markov chain (Gilbert), which includes independent losses. With the transition probability
 * p from received to lost and r from lost to received, the odds of a loss are p/r. Both probabilities have Wilson
 * intervals, which the MOVER (Donner and Zou 2012) combines into an interval of the log odds. For large samples the
 * result is Wilson's interval at the effective sample size n(1 - c)/(1 + c), where c = 1 - p - r is the lag-1
 * autocorrelation.
 *
 * Other losses, such as bursts on top of independent losses or a slowly changing ratio, have a larger variance than
 * the chain. Where `loss-excess.ts` finds that, the interval takes its width from the larger variance, or there is none.
 *
 * The interval is that of the loss ratio of the path over a time like that of the run. A probability that differs from
 * its mean over a longer time, and does so during the whole run, leaves no trace in the run.
 */
import { Z95 } from "../../../base/numbers.ts";
import { studentT } from "../statistics/distributions.ts";
import { type Interval, wilson } from "../statistics/estimates.ts";
import { excessOf, FEWEST_FOR_LIMITS, type LossUnknown, NO_EXCESS } from "./loss-excess.ts";
import type { LossPattern } from "./loss-pattern.ts";

/** Fewer bursts do not distinguish independent losses from bursts, so there is no interval. */
export const FEWEST_BURSTS = 6;
/** With more bursts than this, the condition that there are FEWEST_BURSTS does not affect the interval. */
const FEW_BURSTS = 16;
/**
 * With few bursts, the probability that the true ratio lies below the interval. The probability that it lies above is
 * then close to 0, because a run with still fewer bursts has no interval.
 */
const LOWER_TAIL = 0.05;
const SOLVER_STEPS = 50;

/** The precision of a loss ratio. */
export interface LossEstimate {
  /** Undefined when the losses are too few, or their ratio changes too slowly, for a reliable interval. */
  readonly interval: Interval | undefined;
  /** Why the interval is undefined. */
  readonly unknown: LossUnknown | undefined;
  /**
   * The interval, or, where it is undefined, rough limits by which an objective can be judged. They are wider, and the
   * lower one is 0 with too few bursts. Undefined if no packet or every packet was lost.
   */
  readonly limits: Interval | undefined;
  /** How many independent packets would give the same precision; at most the packets sent. */
  readonly effectivePackets: number;
  /** The lag-1 autocorrelation of the loss sequence. */
  readonly autocorrelation: number;
}

/**
 * The lower limit of the expected number of bursts when `seen` bursts were seen. The number of bursts is Poisson,
 * truncated below FEWEST_BURSTS, because runs with fewer have no interval. Without the truncation, the intervals of
 * runs with just enough bursts would lie too high.
 */
function leastExpected(seen: number): number {
  const atMost = (expected: number) => {
    let [term, below, reached] = [Math.exp(-expected), 0, 0];
    let tooFew = 0;
    for (let bursts = 0; bursts <= seen; bursts++) {
      if (bursts > 0) term *= expected / bursts;
      if (bursts < FEWEST_BURSTS) tooFew += term;
      else if (bursts < seen) below += term;
      else reached = term;
    }
    return (below + reached / 2) / (1 - tooFew);
  };
  let [low, high] = [0.01, seen];
  if (atMost(low) < 1 - LOWER_TAIL) return 0;
  for (let step = 0; step < SOLVER_STEPS; step++) {
    const middle = (low + high) / 2;
    if (atMost(middle) > 1 - LOWER_TAIL) low = middle;
    else high = middle;
  }
  return low;
}

/** The interval of a transition probability. `rare`: the number of these transitions decides whether there is one. */
function transitionInterval(seen: number, total: number, rare: boolean): Interval {
  const { low, high } = wilson(seen, total);
  return { low: rare && seen <= FEW_BURSTS ? leastExpected(seen) / total : low, high };
}

function logistic(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/** The interval of the loss ratio by the chain. `widen` multiplies its width on the scale of log odds. */
function oddsInterval({ packets, lost, transitions }: LossPattern, widen: number): Interval {
  // A single burst at the start or at the end of a run counts as complete.
  const [entered, left] = [Math.max(1, transitions.entered), Math.max(1, transitions.left)];
  const [fromReceived, fromLost] = [Math.max(1, transitions.fromReceived), Math.max(1, transitions.fromLost)];
  const [enter, leave] = [entered / fromReceived, left / fromLost];
  const entering = transitionInterval(entered, fromReceived, fromReceived >= fromLost);
  const leaving = transitionInterval(left, fromLost, fromReceived < fromLost);
  const middle = Math.log(lost / (packets - lost));
  const below = Math.hypot(Math.log(enter / entering.low), Math.log(leaving.high / leave));
  const above = Math.hypot(Math.log(entering.high / enter), Math.log(leave / leaving.low));
  return { low: logistic(middle - widen * below), high: logistic(middle + widen * above) };
}

/** The precision of the loss ratio of a run. */
export function estimateLoss(pattern: LossPattern): LossEstimate {
  const { packets, lost, transitions } = pattern;
  const { fromReceived, entered, fromLost, left } = transitions;
  const autocorrelation = entered === 0 || left === 0 ? 0 : 1 - entered / fromReceived - left / fromLost;
  const inflation = Math.max(0, 1 + autocorrelation) / (1 - autocorrelation);
  const excess = lost === 0 || lost === packets ? NO_EXCESS : excessOf(pattern, inflation);
  const bursts = Math.min(entered, left);
  const few = bursts < FEWEST_BURSTS;
  const degrees = few ? Math.max(FEWEST_FOR_LIMITS, bursts) : excess.degrees;
  const widen = few || excess.factor > 1 ? (Math.sqrt(excess.factor) * studentT(degrees)) / Z95 : 1;
  const unknown = few ? "too few bursts" : excess.unknown;
  const limits = lost === 0 || lost === packets ? undefined : oddsInterval(pattern, widen);
  return {
    interval: unknown === undefined ? limits : undefined,
    unknown,
    limits,
    effectivePackets: Math.min(packets, packets / (inflation * excess.factor)),
    autocorrelation,
  };
}

/**
 * The 95 % upper limit of the loss ratio after a run without any loss, assuming independent losses: 1 - 0.05^(1/n),
 * about 3/n. A run without losses cannot confirm the assumption, and with losses in bursts the ratio can be larger, so
 * every output of this limit must state the assumption.
 */
export function lossBoundIfIndependent(packets: number): number {
  return packets === 0 ? 1 : 1 - 0.05 ** (1 / packets);
}
