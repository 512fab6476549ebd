/** Answers that wait for their moment: a bounded heap and one timer, exact to microseconds. */

import type { Bounded } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";

/** A timer never fires in under about 1.1 ms and wakes late by up to as much; nearer moments are awaited by turning. */
const TURN_BELOW_MS = 2.5;

interface Entry {
  readonly dueAt: number;
  /** Order of arrival: who has waited longer goes first at the same moment. */
  readonly serial: number;
  readonly run: () => void;
  readonly bytes: number;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.serial < b.serial);
}

/** Runs callbacks at their moments, at most `limit` waiting at a time, holding at most `limitBytes`. */
export class DelayQueue implements Bounded {
  /** A binary heap: each entry is before those at 2i + 1 and 2i + 2. */
  readonly #heap: Entry[] = [];
  #serial = 0;
  #bytes = 0;
  #overflows = 0;
  /** When the armed timer will look again; Infinity when none is armed. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #turn: ReturnType<typeof setImmediate> | undefined;

  constructor(
    readonly limit: number,
    readonly clock: Pick<Clock, "now">,
    /** Most octets that all together may hold. */
    readonly limitBytes = Number.POSITIVE_INFINITY,
  ) {}

  get size(): number {
    return this.#heap.length;
  }

  get overflows(): number {
    return this.#overflows;
  }

  /**
   * Has `run`, which holds `bytes` octets, called at the monotonic moment `dueAt` (ms); false when the queue is full
   * and it will not be.
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

  /** Runs everything that waits, at once and in order; for the end. */
  flush(): void {
    this.#disarm();
    this.#run(Number.POSITIVE_INFINITY);
  }

  /** Runs what is due at `now`; should one throw, the rest is run from another turn. */
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
    if (wait > TURN_BELOW_MS) this.#timer = setTimeout(this.#look, Math.floor(wait - TURN_BELOW_MS + 1));
    else this.#turn = setImmediate(this.#look);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }

  readonly #look = () => {
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
