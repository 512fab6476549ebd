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

/** What the clocks are made of; a test hands in its own. */
interface Sources {
  /** Monotonic, ms. */
  readonly now: () => number;
  /** Ms since the Unix epoch, whole ones. */
  readonly wall: () => number;
  /** The second minus the first at the start, with a fraction. */
  readonly origin: number;
}

const SYSTEM: Sources = {
  now: () => performance.now(),
  wall: () => Date.now(),
  origin: performance.timeOrigin,
};

/**
 * The system's clocks. `Date.now()` has no fraction, so the wall clock is the monotonic one plus an offset taken at
 * the start of the process; once a second it is compared with `Date.now()` and taken anew when somebody set the clock.
 */
export function systemClock({ now, wall, origin }: Sources = SYSTEM): Clock {
  let offset = origin;
  let checkedAt = now();
  return {
    now,
    wallAt(moment) {
      if (moment - checkedAt > CHECK_EVERY_MS) {
        checkedAt = moment;
        const drift = wall() - (now() + offset);
        if (Math.abs(drift) > STEP_MS) offset += drift;
      }
      return moment + offset;
    },
  };
}
