/** The Gilbert model of a run's losses, to compare with the bursts that were injected. */

import type { Ranged } from "../statistics/difference.ts";
import { wilson } from "../statistics/estimates.ts";
import type { LossPattern } from "./loss-pattern.ts";

/** The transition probabilities of a Gilbert model with their 95 % intervals; undefined without such a transition. */
export interface Gilbert {
  /** Probability that a received packet is followed by a lost one. */
  readonly goodToBad: Ranged | undefined;
  /** Probability that a lost packet is followed by a received one. Its inverse is the mean burst length. */
  readonly badToGood: Ranged | undefined;
}

function proportion(hits: number, total: number): Ranged | undefined {
  return hits === 0 ? undefined : { value: hits / total, ...wilson(hits, total) };
}

/** Estimates the Gilbert model from the transitions of a run. */
export function gilbert({ transitions }: LossPattern): Gilbert {
  const { fromReceived, entered, fromLost, left } = transitions;
  return { goodToBad: proportion(entered, fromReceived), badToGood: proportion(left, fromLost) };
}
