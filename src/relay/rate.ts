/** A link with a rate: when packets leave it, and what waits in front of it. */
import { type LinkFaults, queueBytes } from "../faults/link-faults.ts";

/** Computes when octets leave a link that sends them one after another. It holds none itself. */
export class Rate {
  #bitsPerMs = 0;
  #limit = 0;
  /** When the link will have sent what it accepted, monotonic ms. */
  #freeAt = 0;

  /**
   * Sets the rate and its queue for what is accepted from `now` on (monotonic ms). What waits keeps its time; at a higher rate or
   * none, what follows waits no longer than behind as many octets at that rate. Returns false without a rate.
   */
  set({ rate, queue }: LinkFaults, now: number): boolean {
    const waiting = this.backlog(now);
    this.#bitsPerMs = (rate ?? 0) / 1000;
    const clearAt = rate === undefined ? now : now + (waiting * 8) / this.#bitsPerMs;
    this.#freeAt = Math.min(this.#freeAt, clearAt);
    this.#limit = rate === undefined ? 0 : queueBytes(queue, rate);
    return rate !== undefined;
  }

  /** Octets that wait at `now` or are being sent. */
  backlog(now: number): number {
    return Math.max(0, ((this.#freeAt - now) * this.#bitsPerMs) / 8);
  }

  /** Whether a further packet of `bytes` fits into the queue. A link that is idle accepts any. */
  accepts(bytes: number, now: number): boolean {
    const backlog = this.backlog(now);
    return backlog === 0 || backlog + bytes <= this.#limit;
  }

  /** Accepts `bytes`: the time at which the last of them will have left, monotonic ms. */
  send(bytes: number, now: number): number {
    this.#freeAt = Math.max(now, this.#freeAt) + (bytes * 8) / this.#bitsPerMs;
    return this.#freeAt;
  }

  /** Time until the backlog is no more than half of the queue, ms. */
  pause(now: number): number {
    return Math.max(0, ((this.backlog(now) - this.#limit / 2) * 8) / this.#bitsPerMs);
  }
}
