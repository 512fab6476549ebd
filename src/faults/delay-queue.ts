/** Holds delayed packets in a bounded heap with a single timer (microsecond accuracy). */

import type { Bounded } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";

/** A timer never fires in less than about 1.1 ms and can be late by as much; below this wait, the event loop is polled. */
const POLL_BELOW_MS = 2.5;

interface Entry {
  readonly dueAt: number;
  /** Order of insertion; decides between entries with the same due time. */
  readonly serial: number;
  readonly run: () => void;
  readonly bytes: number;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.serial < b.serial);
}

/** Runs callbacks at their due times; at most `limit` at a time, with at most `limitBytes` octets. */
export class DelayQueue implements Bounded {
  /** A binary heap: each entry is before those at 2i + 1 and 2i + 2. */
  readonly #heap: Entry[] = [];
  #serial = 0;
  #bytes = 0;
  #overflows = 0;
  /** Due time for which the timer is set; Infinity without a timer. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #poll: ReturnType<typeof setImmediate> | undefined;

  constructor(
    readonly limit: number,
    readonly clock: Pick<Clock, "now">,
    /** Most octets of all entries together. */
    readonly limitBytes = Number.POSITIVE_INFINITY,
  ) {}

  get size(): number {
    return this.#heap.length;
  }

  get overflows(): number {
    return this.#overflows;
  }

  /**
   * Schedules `run`, which holds `bytes` octets, for the monotonic time `dueAt` (ms). Returns false if the queue is full;
   * `run` is not called then.
   */
  put(dueAt: number, run: () => void, bytes = 0): boolean {
    if (this.#heap.length >= this.limit || this.#bytes + bytes > this.limitBytes) {
      this.#overflows++;
      return false;
    }
    this.#bytes += bytes;
    this.#push({ dueAt, serial: this.#serial++, run, bytes });
    this.#arm();
    return true;
  }

  /** Runs all entries at once, in order. */
  flush(): void {
    this.#disarm();
    this.#run(Number.POSITIVE_INFINITY);
  }

  /** Runs the entries due at `now`. If one throws, the remaining ones run in a later turn of the event loop. */
  #run(now: number): void {
    try {
      for (let first = this.#heap[0]; first && first.dueAt <= now; first = this.#heap[0]) {
        this.#pop();
        this.#bytes -= first.bytes;
        first.run();
      }
    } finally {
      this.#arm();
    }
  }

  #arm(): void {
    const dueAt = this.#heap[0]?.dueAt;
    if (dueAt === undefined || dueAt >= this.#wakeAt) return;
    this.#disarm();
    this.#wakeAt = dueAt;
    const wait = dueAt - this.clock.now();
    if (wait > POLL_BELOW_MS) this.#timer = setTimeout(this.#wake, Math.floor(wait - POLL_BELOW_MS + 1));
    else this.#poll = setImmediate(this.#wake);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#poll);
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }

  readonly #wake = () => {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#run(this.clock.now());
  };

  #push(entry: Entry): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, entry)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (right && left && isBefore(right, left)) child++;
      const below = heap[child];
      if (!below || isBefore(last, below)) break;
      heap[i] = below;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}
