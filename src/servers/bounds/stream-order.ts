/** Keeps the order of what is delayed on a stream. */

/** Least distance between a delayed packet or response and the receipt of its packet, ms: it is queued, not passed on at once. */
const ONE_MICROSECOND = 0.001;

/** The due times of one direction of a stream. */
export class StreamOrder {
  #lastDueAt = 0;

  /**
   * When something due at `dueAt` may go on: not before what is queued ahead of it.
   * @param isQueued whether anything can be queued ahead of it
   * @param receivedAt when its packet was received
   */
  next(dueAt: number, receivedAt: number, isQueued: boolean): number {
    if (isQueued) this.#lastDueAt = Math.max(dueAt, this.#lastDueAt, receivedAt + ONE_MICROSECOND);
    else this.#lastDueAt = dueAt;
    return this.#lastDueAt;
  }
}
