/** Limits how often an expensive function is called. */
import type { Clock } from "./clock.ts";

/** Share of time that the function may take. */
const TIME_SHARE = 0.005;
/** Least time between two calls, ms. */
const LEAST_INTERVAL_MS = 500;

/** Returns a function that calls `read` for at most 0.5 % of the time and returns its last value otherwise. */
export function throttle<Value>(read: () => Value, clock: Pick<Clock, "now">): () => Value | undefined {
  let value: Value | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  return () => {
    const startedAt = clock.now();
    if (startedAt < nextAt) return value;
    value = read();
    const tookMs = clock.now() - startedAt;
    nextAt = startedAt + Math.max(LEAST_INTERVAL_MS, tookMs / TIME_SHARE);
    return value;
  };
}
