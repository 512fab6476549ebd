/** When the event loop certainly read the sockets of a client. It limits how long an answer can have waited. */

/** An answer that waited for less than this is read in time, ms. */
const SHORT_MS = 1;

/** A time after which every socket was read. It advances while packets are sent. */
export class PollTimes {
  #polledAt = 0;
  #noting = 0;
  #isNoting = false;
  readonly #afterTurn = () => void setImmediate(this.#afterTwo);
  readonly #afterTwo = () => {
    this.#isNoting = false;
    this.#polledAt = this.#noting;
  };

  /** Monotonic ms. */
  get polledAt(): number {
    return this.#polledAt;
  }

  /**
   * Two turns of the event loop after `now` (monotonic ms) the sockets have been read at least once. One turn is not
   * enough: other timers may have run between the last reading and this one.
   */
  note(now: number): void {
    if (this.#isNoting) return;
    this.#isNoting = true;
    this.#noting = now;
    setImmediate(this.#afterTurn);
  }

  /** Whether an answer that is read at `now` may have waited: the sockets were not certainly read just before. */
  mayHaveWaited(now: number): boolean {
    return now - this.#polledAt > SHORT_MS;
  }
}
