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
  /** Response times of the same answers without late sending, ms; NaN of one that has none. */
  readonly #unread: number[] = [];
  #polledAt: number;
  #readAt = 0;
  /** Whether the answer that was added last is kept until the end of the turn. */
  #isKept = false;
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
    this.#isKept = this.#departures.length < MAX_PER_TURN;
    if (!this.#isKept) return;
    this.#departures.push(departedAt);
    this.#unread.push(Number.NaN);
  }

  /** The answer that was added last has been processed; the delay of its reading is known at the end of the turn. */
  processed(recorder: Recorder): void {
    if (this.#isKept) this.#unread[this.#unread.length - 1] = recorder.takeUnread();
  }

  /** Records the delays of the answers of this turn, at its end. */
  endTurn({ receiveDelay, undelayed }: Recorder): void {
    const last = this.#departures.at(-1) ?? 0;
    const longest = this.#readAt - this.#polledAt;
    for (let index = 0; index < this.#departures.length; index++) {
      const waited = Math.max(0, this.#lastDelay) + Math.max(0, last - (this.#departures[index] ?? last));
      const delay = Math.min(waited, longest);
      receiveDelay.record(delay);
      const unread = this.#unread[index] ?? Number.NaN;
      if (!Number.isNaN(unread)) undelayed.record(unread - delay);
    }
    this.#departures.length = 0;
    this.#unread.length = 0;
    this.#polledAt = this.#readAt;
  }
}
