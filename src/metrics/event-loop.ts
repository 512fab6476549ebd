/** Measures how late the event loop runs its timers. */
import type { InternalErrors } from "../base/internal-errors.ts";
import type { Distribution } from "./counters.ts";

const EVERY_MS = 100;

/** Records the lateness (s) of a timer ten times a second; the returned function stops it. */
export function measureEventLoop(lag: Distribution, errors: InternalErrors): () => void {
  let expectedAt = performance.now() + EVERY_MS;
  const timer = errors.every("event-loop", EVERY_MS, () => {
    const now = performance.now();
    lag.observe(Math.max(0, now - expectedAt) / 1000);
    expectedAt = now + EVERY_MS;
  });
  return () => clearInterval(timer);
}
