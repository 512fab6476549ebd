/** How closely the sending follows the schedule: when packets were passed to the kernel, and how many of them at once. */
import { Histogram } from "./histograms/histogram.ts";

/** The hand-over of all packets of a run that has a schedule. Times are monotonic ms. */
export class HandOver {
  /** Time from the intended send time to the hand-over. */
  readonly error = new Histogram();
  #isScheduled = false;
  #dueFrom = 0;
  #last = Number.NEGATIVE_INFINITY;
  #burst = 0;
  #bunched = 0;
  #largestBurst = 0;

  /** The run has a schedule. Without it, as in a closed loop, nothing is recorded. */
  start(): void {
    this.#isScheduled = true;
  }

  /** Packets intended for an earlier time are due at `time`: until then the client had no capacity for them. */
  dueFrom(time: number): void {
    this.#dueFrom = time;
  }

  /** Records that a packet was passed to the kernel at `at`; returns its schedule error, NaN without a schedule. */
  record(intendedAt: number, at: number): number {
    if (!this.#isScheduled) return Number.NaN;
    const dueAt = Math.max(intendedAt, this.#dueFrom);
    this.error.record(at - dueAt);
    if (dueAt < this.#last) this.#bunched++;
    else this.#burst = 0;
    this.#burst++;
    if (this.#burst > this.#largestBurst) this.#largestBurst = this.#burst;
    this.#last = at;
    return at - dueAt;
  }

  /** Packets that were due already when the packet before them was passed to the kernel. Their spacing is not the planned one. */
  get bunched(): number {
    return this.#bunched;
  }

  /** Most packets that were passed to the kernel without waiting between them; 0 without a schedule. */
  get largestBurst(): number {
    return this.#largestBurst;
  }
}
