/** How long the answers of one socket waited in its receive buffer: the lateness of the load generator as a receiver. */
import type { Recorder } from "../../measure/recorder.ts";

/** Most answers of a turn of the event loop whose delays are recorded. */
const MAX_PER_TURN = 1024;

/**
 * The kernel's receive time is known for the last answer of a turn. An earlier one arrived before it by about as much as
 * it left the target earlier, and after the event loop last found the socket empty.
 */
export class ReceiveDelay {
  readonly #waited: (now: number) => number | undefined;
  readonly #departures: number[] = [];
  #polledAt: number;
  #readAt = 0;
  #lastDelay = 0;

  /**
   * @param openedAt when the socket was opened, monotonic ms
   * @param waited how long the answer that was read last, at `now`, had waited, ms; undefined if the kernel does not say
   */
  constructor(openedAt: number, waited: (now: number) => number | undefined) {
    this.#polledAt = openedAt;
    this.#waited = waited;
  }

  /**
   * An answer that left the target at `departedAt` (ms by any clock) was read at `now` (monotonic ms).
   * @param polledAt a time after which the event loop has read the socket in an earlier turn, monotonic ms
   */
  add(now: number, departedAt: number, polledAt: number): void {
    if (this.#departures.length === 0) {
      this.#polledAt = Math.max(this.#polledAt, polledAt);
      this.#readAt = now;
      this.#lastDelay = this.#waited(now) ?? 0;
    }
    if (this.#departures.length < MAX_PER_TURN) this.#departures.push(departedAt);
  }

  /** Records the delays of the answers of this turn, at its end. */
  endTurn({ receiveDelay }: Recorder): void {
    const last = this.#departures.at(-1) ?? 0;
    const longest = this.#readAt - this.#polledAt;
    for (const departedAt of this.#departures) {
      const delay = Math.max(0, this.#lastDelay) + Math.max(0, last - departedAt);
      receiveDelay.record(Math.min(delay, longest));
    }
    this.#departures.length = 0;
    this.#polledAt = this.#readAt;
  }
}
