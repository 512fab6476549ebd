/** A distribution of signed times, such as one-way delays between two clocks that differ. */
import { SpreadHistogram } from "./spread-histogram.ts";

/** What a report reads from a distribution. Times are in s, and undefined if there are none. */
export interface Distribution {
  readonly count: number;
  readonly min: number | undefined;
  readonly mean: number | undefined;
  readonly max: number | undefined;
  /** Standard deviation. */
  readonly deviation: number | undefined;
  /** The time of rank `rank` (1 is the least). */
  atRank(rank: number): number | undefined;
  /** The least time that a share `q` of all times does not exceed. */
  quantile(q: number): number | undefined;
}

/** Signed times of any size. Quantiles keep 3 significant digits of the distance from the least time. */
export class SignedTimes implements Distribution {
  readonly #histogram = new SpreadHistogram();
  /** Mean and sum of squared distances from it, ms (Welford 1962): precise at any base. */
  #mean = 0;
  #squares = 0;

  /** Records a time in ms. */
  record(ms: number): void {
    this.#histogram.record(ms);
    const distance = ms - this.#mean;
    this.#mean += distance / this.#histogram.count;
    this.#squares += distance * (ms - this.#mean);
  }

  get count(): number {
    return this.#histogram.count;
  }

  get min(): number | undefined {
    return this.#histogram.min;
  }

  get mean(): number | undefined {
    return this.count === 0 ? undefined : this.#mean / 1000;
  }

  get max(): number | undefined {
    return this.#histogram.max;
  }

  get deviation(): number | undefined {
    return this.count === 0 ? undefined : Math.sqrt(this.#squares / this.count) / 1000;
  }

  atRank(rank: number): number | undefined {
    return this.#histogram.atRank(rank);
  }

  quantile(q: number): number | undefined {
    return this.#histogram.quantile(q);
  }
}
