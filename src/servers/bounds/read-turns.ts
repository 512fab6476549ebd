/** Limits the time for which received data occupies the event loop. */

/** The event loop is asked for a turn at most this often, ms. */
const ASK_EVERY_MS = 5;
/** Longest time that is waited for the turn before the reading is held, ms. */
const MOST_MS = 5;

/** What reads, and can be held. */
export interface Reading {
  readonly held: boolean;
  hold(): void;
  release(): void;
}

/**
 * Holds a reading if the event loop has not turned for about 10 ms, and releases it in the next turn, after the other
 * sockets and the timers. Without a flood it costs one immediate in 5 ms.
 */
export class ReadTurns {
  #turnedAt = Number.NEGATIVE_INFINITY;
  #askedAt = 0;
  #asked = false;

  constructor(
    private readonly reading: Reading,
    private readonly now: () => number,
    /** Longest time that is waited for the turn, ms. */
    private readonly mostMs = () => MOST_MS,
  ) {}

  /** Called for each packet, which was received at the time `now` (ms). */
  note(now: number): void {
    if (this.#asked) {
      if (now - this.#askedAt > this.mostMs() && !this.reading.held) this.reading.hold();
    } else if (now - this.#turnedAt > ASK_EVERY_MS) {
      this.#asked = true;
      this.#askedAt = now;
      setImmediate(this.#turned);
    }
  }

  readonly #turned = (): void => {
    this.#asked = false;
    this.#turnedAt = this.now();
    this.reading.release();
  };
}
