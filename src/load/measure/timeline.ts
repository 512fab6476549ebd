/** A run's interval snapshots for charts, in bounded memory. */
import type { IntervalSnapshot } from "./snapshot.ts";

const MAX_POINTS = 1200;

/** Keeps snapshots. At the limit, points are merged in pairs, and each later point covers twice as many snapshots. */
export class Timeline {
  #points: IntervalSnapshot[] = [];
  #stride = 1;
  #partial: IntervalSnapshot | undefined;
  #partialCount = 0;

  /** Adds a snapshot. */
  add(snapshot: IntervalSnapshot): void {
    this.#partial = this.#partial === undefined ? snapshot : join(this.#partial, snapshot);
    if (++this.#partialCount < this.#stride) return;
    this.#points.push(this.#partial);
    this.#partial = undefined;
    this.#partialCount = 0;
    if (this.#points.length < MAX_POINTS) return;
    this.#points = this.#points.flatMap((point, index, all) => {
      const next = all[index + 1];
      return index % 2 === 0 ? [next === undefined ? point : join(point, next)] : [];
    });
    this.#stride *= 2;
  }

  /** All points, from the start of the run. */
  get points(): readonly IntervalSnapshot[] {
    return this.#partial === undefined ? this.#points : [...this.#points, this.#partial];
  }
}

/** Merges two intervals. Counts are totals from the start of the run; of percentiles the higher one is kept. */
function join(first: IntervalSnapshot, second: IntervalSnapshot): IntervalSnapshot {
  const higher = (one: number | null, other: number | null) =>
    one === null ? other : other === null ? one : Math.max(one, other);
  return {
    ...second,
    interval: first.interval + second.interval,
    p50: higher(first.p50, second.p50),
    p99: higher(first.p99, second.p99),
    max: higher(first.max, second.max),
  };
}
