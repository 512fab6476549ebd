/** The clocks of one process: intervals come from a monotonic clock, timestamps for other hosts from the wall clock. */

/** Where a part takes its time from; a test hands in its own. */
export interface Clock {
  /** Monotonic moment in ms, with a fraction; only differences mean anything. */
  now(): number;
  /** Ms since the Unix epoch, with a fraction, at the monotonic moment `now`. */
  wallAt(now: number): number;
}

/** How far the wall clock may move against the monotonic one before it is taken anew, in ms. */
const STEP_MS = 5;
const CHECK_EVERY_MS = 1000;

/**
 * The system's clocks. `Date.now()` has no fraction, so the wall clock is the monotonic one plus an offset taken at
 * the start of the process; once a second it is compared with `Date.now()` and taken anew when somebody set the clock.
 */
export function systemClock(): Clock {
  let offset = performance.timeOrigin;
  let checkedAt = performance.now();
  return {
    now: () => performance.now(),
    wallAt(now) {
      if (now - checkedAt > CHECK_EVERY_MS) {
        checkedAt = now;
        const drift = Date.now() - (performance.now() + offset);
        if (Math.abs(drift) > STEP_MS) offset += drift;
      }
      return now + offset;
    },
  };
}
