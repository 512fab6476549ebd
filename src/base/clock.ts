/** The clocks of one process: intervals come from a monotonic clock, timestamps for other hosts from the wall clock. */

/** A source of time, passed as an argument so that tests can supply their own. */
export interface Clock {
  /** Monotonic time in ms, with a fraction; only differences are meaningful. */
  now(): number;
  /** Ms since the Unix epoch, with a fraction, at the monotonic time `now`. */
  wallAt(now: number): number;
}

/** Difference between the two clocks above which the offset is measured again, ms. */
const STEP_MS = 5;
const CHECK_EVERY_MS = 1000;

/** The readings from which the clocks are computed. */
interface Sources {
  /** Monotonic, ms. */
  readonly now: () => number;
  /** Ms since the Unix epoch, without a fraction. */
  readonly wall: () => number;
  /** `wall` minus `now` at the start of the process, with a fraction. */
  readonly origin: number;
}

const SYSTEM: Sources = {
  now: () => performance.now(),
  wall: () => Date.now(),
  origin: performance.timeOrigin,
};

/**
 * The system's clocks. `Date.now()` has no fraction, so the wall clock is the monotonic clock plus an offset measured at
 * the start of the process. Once a second it is compared with `Date.now()`; the offset follows when the system clock
 * was set.
 */
export function systemClock({ now, wall, origin }: Sources = SYSTEM): Clock {
  let offset = origin;
  let checkedAt = now();
  return {
    now,
    wallAt(time) {
      if (time - checkedAt > CHECK_EVERY_MS) {
        checkedAt = time;
        const drift = wall() - (now() + offset);
        if (Math.abs(drift) > STEP_MS) offset += drift;
      }
      return time + offset;
    },
  };
}

/** Resolves after about `ms` milliseconds; a timer never fires in less than one. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves as `promise` does, or with undefined after `ms` milliseconds. */
export async function within<Result>(promise: Promise<Result>, ms: number): Promise<Result | undefined> {
  const { promise: waited, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms);
  try {
    return await Promise.race([promise, waited]);
  } finally {
    clearTimeout(timer);
  }
}
