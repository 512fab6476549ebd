/** Detects that a clock was set while a run lasted. */

/** A step of a clock. */
export interface ClockStep {
  /** Time of the first packet after the step, from the first packet of the run, s. */
  readonly atSeconds: number;
  /** By how much the clock was set forward; negative if it was set back. */
  readonly seconds: number;
}

/** Most steps that are kept. */
const MAX_STEPS = 32;
/** Smallest step, ms: the resolution of coarse clocks. */
const SMALLEST_MS = 1;
/** Largest difference in rate of two clocks: NTP slews a clock by at most 500 ppm (RFC 5905 section 11.3). */
const LARGEST_SLEW = 0.0005;
/** Consecutive exchanges that must contradict the earlier ones. One alone may have been damaged or overtaken. */
const CONFIRMATIONS = 3;

/** The offsets, ms, that all exchanges so far allow at the time `at`. */
interface Allowed {
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

/** Both, if an offset is allowed by both; undefined if the clock must have been set in between. */
function intersect(before: Allowed, { at, low, high }: Allowed): Allowed | undefined {
  const slew = LARGEST_SLEW * Math.abs(at - before.at);
  const both = { at, low: Math.max(before.low - slew, low), high: Math.min(before.high + slew, high) };
  return both.low - both.high > SMALLEST_MS ? undefined : both;
}

/**
 * Detects steps of the target's clock. Neither direction takes less than no time, so an exchange limits the offset of
 * the clock to the range from T3 - T4 to T2 - T1. Exchanges with ranges that do not overlap show a step, which is
 * then larger than a round trip.
 */
export class StepDetector {
  readonly steps: ClockStep[] = [];
  #startedAt: number | undefined;
  #allowed: Allowed | undefined;
  #candidate: { allowed: Allowed; readonly since: number; count: number } | undefined;

  /** Adds an exchange sent at `at`, whose offset is `low` to `high`, ms; returns whether it agrees with the earlier ones. */
  accepts(at: number, low: number, high: number): boolean {
    this.#startedAt ??= at;
    const range = { at, low, high };
    const allowed = this.#allowed === undefined ? range : intersect(this.#allowed, range);
    if (allowed === undefined) return this.#contradicts(range);
    this.#allowed = allowed;
    this.#candidate = undefined;
    return true;
  }

  /** Counts an exchange that contradicts the earlier ones; returns whether a step is confirmed. */
  #contradicts(range: Allowed): boolean {
    const candidate = this.#candidate;
    const common = candidate && intersect(candidate.allowed, range);
    if (candidate === undefined || common === undefined) {
      this.#candidate = { allowed: range, since: range.at, count: 1 };
      return false;
    }
    candidate.allowed = common;
    if (++candidate.count < CONFIRMATIONS) return false;
    this.#confirm(common, candidate.since);
    return true;
  }

  #confirm(after: Allowed, since: number): void {
    const before = this.#allowed ?? after;
    const ms = (after.low + after.high - before.low - before.high) / 2;
    if (this.steps.length < MAX_STEPS) {
      this.steps.push({ atSeconds: (since - (this.#startedAt ?? since)) / 1000, seconds: ms / 1000 });
    }
    this.#allowed = after;
    this.#candidate = undefined;
  }
}

/**
 * The sender's own time during a run, in ms since the Unix epoch: the wall clock at the first packet, carried on by the
 * monotonic clock. A step of the wall clock is recorded and does not change any measured time.
 */
export class SenderClock {
  readonly steps: ClockStep[] = [];
  #startedAt: number | undefined;
  #base = 0;
  #offset = 0;

  /** Compares the clocks at the time that a packet is sent: monotonic, and wall-clock time, ms. */
  observe(now: number, wall: number): void {
    const offset = wall - now;
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      this.#base = offset;
      this.#offset = offset;
    }
    const step = offset - this.#offset;
    if (Math.abs(step) <= SMALLEST_MS) return;
    this.#offset = offset;
    if (this.steps.length < MAX_STEPS) {
      this.steps.push({ atSeconds: (now - this.#startedAt) / 1000, seconds: step / 1000 });
    }
  }

  /** The sender's time at the monotonic time `now`, ms since the Unix epoch. */
  at(now: number): number {
    return now + this.#base;
  }
}
