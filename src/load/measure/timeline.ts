/** A run's snapshots for charts, thinned as the run grows: never more than a fixed number. */
import type { Snapshot } from "./snapshot.ts";

const MOST_POINTS = 1200;

/** Keeps snapshots; at its limit two neighbours become one. */
export class Timeline {
  #points: Snapshot[] = [];
  #stride = 1;
  #held: Snapshot | undefined;
  #heldCount = 0;

  /** Adds a snapshot. */
  add(snapshot: Snapshot): void {
    this.#held = this.#held === undefined ? snapshot : join(this.#held, snapshot);
    if (++this.#heldCount < this.#stride) return;
    this.#points.push(this.#held);
    this.#held = undefined;
    this.#heldCount = 0;
    if (this.#points.length < MOST_POINTS) return;
    this.#points = this.#points.flatMap((point, index, all) => {
      const next = all[index + 1];
      return index % 2 === 0 ? [next === undefined ? point : join(point, next)] : [];
    });
    this.#stride *= 2;
  }

  /** All of it, from the start. */
  get points(): readonly Snapshot[] {
    return this.#held === undefined ? this.#points : [...this.#points, this.#held];
  }
}

/** Two intervals as one: counts run from the start anyway; of percentiles the worse one stays. */
function join(first: Snapshot, second: Snapshot): Snapshot {
  const worse = (one: number | null, other: number | null) =>
    one === null ? other : other === null ? one : Math.max(one, other);
  return {
    ...second,
    interval: first.interval + second.interval,
    p50: worse(first.p50, second.p50),
    p99: worse(first.p99, second.p99),
    max: worse(first.max, second.max),
  };
}
