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

/** The higher one of a percentile of two intervals; null if it is over the timeout in one of them. */
function higherOf(name: "p50" | "p95" | "p99", first: IntervalSnapshot, second: IntervalSnapshot): number | null {
  if (first.over[name] !== undefined || second.over[name] !== undefined) return null;
  return higher(first[name], second[name]);
}

function higher(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : Math.max(one, other);
}

/** Merges two intervals. Counts are totals from the start of the run; of percentiles the higher one is kept. */
function join(first: IntervalSnapshot, second: IntervalSnapshot): IntervalSnapshot {
  return {
    ...second,
    interval: first.interval + second.interval,
    p50: higherOf("p50", first, second),
    p95: higherOf("p95", first, second),
    p99: higherOf("p99", first, second),
    max: higher(first.max, second.max),
    over: { ...first.over, ...second.over },
  };
}
