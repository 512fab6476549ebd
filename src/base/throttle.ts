/** Calling seldom what takes long. */
import type { Clock } from "./clock.ts";

/** How much of its time the lab may spend on a count. */
const COUNTING_SHARE = 0.005;

/**
 * Has `count` (which reads the system's whole table of connections) called at most so often that it takes no more
 * than COUNTING_SHARE of the time; in between the last number stands.
 */
export function sparingly(count: () => number, clock: Clock): () => number {
  let value = 0;
  let nextAt = Number.NEGATIVE_INFINITY;
  return () => {
    const startedAt = clock.now();
    if (startedAt < nextAt) return value;
    value = count();
    const tookMs = clock.now() - startedAt;
    nextAt = startedAt + Math.max(500, tookMs / COUNTING_SHARE);
    return value;
  };
}
