/** Holds delayed packets in a bounded heap with a single timer (microsecond accuracy). */

import { type Bounded, Budget } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import { ITEMS_PER_TURN, nextTurn } from "../base/turns.ts";

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
  #overflows = 0;
  /** Due time for which the timer is set; Infinity without a timer. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #poll: ReturnType<typeof setImmediate> | undefined;

  /** The octets of all entries, and of what else has the same budget. */
  readonly octets: Budget;

  constructor(
    readonly limit: number,
    readonly clock: Pick<Clock, "now">,
    /** Most octets of all entries together, or the budget of which they are a part. */
    octets: number | Budget = Number.POSITIVE_INFINITY,
    /** Counts what an entry throws; without it the runtime gets the error. */
    private readonly errors?: InternalErrors,
  ) {
    this.octets = typeof octets === "number" ? new Budget(octets) : octets;
  }

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
    if (this.#heap.length >= this.limit) {
      this.#overflows++;
      return false;
    }
    if (!this.octets.reserve(bytes)) return false;
    this.#push({ dueAt, serial: this.#serial++, run, bytes });
    this.#arm();
    return true;
  }

  /**
   * Runs all entries in order without waiting for their due times: as many as one turn of the event loop allows before
   * the call returns, the others in the next turns. Rejects if one throws; the remaining ones then run when they are due.
   */
  async flush(): Promise<void> {
    while (this.#heap.length > 0) {
      this.#run(Number.POSITIVE_INFINITY);
      if (this.#heap.length > 0) await nextTurn();
    }
    this.#disarm();
  }

  /** Runs entries due at `now`, as many as one turn allows. The others, also after one that throws, run in a later turn. */
  #run(now: number): void {
    try {
      for (let ran = 0; ran < ITEMS_PER_TURN; ran++) {
        const first = this.#heap[0];
        if (!first || first.dueAt > now) return;
        this.#pop();
        this.octets.release(first.bytes);
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
    if (!this.errors) return this.#run(this.clock.now());
    try {
      this.#run(this.clock.now());
    } catch (error) {
      this.errors.caught(error, "delay-queue");
    }
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
