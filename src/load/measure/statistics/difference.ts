/** The change from one run to another, with its 95 % interval. */
import type { Interval } from "./estimates.ts";

/** A value with its interval. */
export interface Ranged extends Interval {
  readonly value: number;
}

/**
 * States what a comparison with a single run leaves out. Every such comparison shows it.
 */
export const ONE_PAIR =
  "The intervals cover the variation within each run. One pair of runs cannot tell a change from the ordinary " +
  "variation between runs; two sets of runs, which the load command makes with --repeat, can.";

/**
 * The 95 % interval of `after` less `before` for two independent runs, from their own intervals (MOVER: Newcombe
 * 1998, method 10, for shares; Donner and Zou 2012 for any pair of estimates). Undefined where an edge is infinite.
 */
export function difference(before: Ranged, after: Ranged): Ranged | undefined {
  const value = after.value - before.value;
  const low = value - Math.hypot(after.value - after.low, before.high - before.value);
  const high = value + Math.hypot(after.high - after.value, before.value - before.low);
  return Number.isFinite(low) && Number.isFinite(high) ? { value, low, high } : undefined;
}
