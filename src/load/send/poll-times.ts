/** When the event loop certainly read the sockets of a client. It limits how long an answer can have waited. */

/** The common tick of the kernel, ms: TCP's receive times do not show that an answer waited for less. */
const SHORT_MS = 4;
/** Times are noted at most this often, so that a fast client does not run the event loop more often for them. */
const NOTE_EVERY_MS = 0.5;

/** A time after which every socket was read. It advances while packets are sent. */
export class PollTimes {
  #polledAt = 0;
  #noting = Number.NEGATIVE_INFINITY;
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
    if (this.#isNoting || now - this.#noting < NOTE_EVERY_MS) return;
    this.#isNoting = true;
    this.#noting = now;
    setImmediate(this.#afterTurn);
  }

  /** Whether an answer that is read at `now` may have waited: the sockets were not certainly read just before. */
  mayHaveWaited(now: number): boolean {
    return now - this.#polledAt > SHORT_MS;
  }
}
