/** Measures how late the event loop runs its timers. */
import type { Distribution } from "./counters.ts";

const EVERY_MS = 100;

/** Records the lateness (s) of a timer ten times a second; the returned function stops it. */
export function measureEventLoop(lag: Distribution): () => void {
  let expectedAt = performance.now() + EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe(Math.max(0, now - expectedAt) / 1000);
    expectedAt = now + EVERY_MS;
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
