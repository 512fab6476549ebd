/**
 * The distribution of a run's delays and their dependence on each other, in fixed memory. Recording a delay costs
 * about 50 ns.
 *
 * Dependence is estimated from consecutive batches. For each quantile of interest, a batch counts the delays that do
 * not exceed a level near that quantile. The levels are the quantiles of the first 4,096 delays, which are kept until
 * the levels are known.
 */

import { SpreadHistogram } from "../histograms/spread-histogram.ts";
import { Batches } from "../statistics/batches.ts";
import { rankOf } from "../statistics/rank.ts";

/** Number of delays from which the levels are chosen. */
const KEPT = 4096;

/** A series of delays and of packets without an answer. */
export class DelaySeries {
  readonly quantiles: readonly number[];
  /** The delays of the answered packets. */
  readonly values = new SpreadHistogram();
  readonly #levels: Float64Array;
  readonly #kept = new Float64Array(KEPT).fill(0);
  #batches: Batches;
  #packets = 0;
  #first = 0;
  #before = 0;
  #sum = 0;
  #squares = 0;
  #products = 0;

  /** @param quantiles the quantiles of interest, from 0 to 1, in rising order */
  constructor(quantiles: readonly number[]) {
    this.quantiles = quantiles;
    this.#levels = new Float64Array(quantiles.length);
    this.#batches = this.#newBatches();
  }

  /** Columns: for each level, the delays between the level before and it; those above all levels; the delays' sum. */
  #newBatches(): Batches {
    return new Batches(this.quantiles.length + 2);
  }

  /** Counts the next delay, in ms. */
  record(ms: number): void {
    if (this.values.count === 0) this.#first = ms;
    const value = ms - this.#first;
    this.#sum += value;
    this.#squares += value * value;
    this.#products += value * this.#before;
    this.#before = value;
    this.values.record(ms);
    this.#place(ms);
  }

  /** Counts a packet without an answer. Quantiles over all packets treat its delay as infinite (RFC 7679 section 5.1). */
  recordMissing(): void {
    this.#place(Number.POSITIVE_INFINITY);
  }

  #place(ms: number): void {
    if (this.#packets < KEPT) {
      this.#kept[this.#packets++] = ms;
      if (this.#packets === KEPT) this.#fillBatches(this.#batches);
      return;
    }
    this.#packets++;
    this.#batch(this.#batches, ms);
  }

  #batch(batches: Batches, ms: number): void {
    const levels = this.#levels;
    let level = 0;
    while (level < levels.length && ms > (levels[level] ?? 0)) level++;
    if (ms < Number.POSITIVE_INFINITY) {
      batches.add(level, 1);
      batches.add(levels.length + 1, ms - this.#first);
    }
    batches.next();
  }

  /** Chooses the levels from the distribution so far and puts the delays that were kept into batches. */
  #fillBatches(batches: Batches): void {
    const kept = Math.min(this.#packets, KEPT);
    // Exact order statistics, so that the levels can be recomputed from a list of the packets.
    const sorted = this.#kept.slice(0, kept).sort();
    this.quantiles.forEach((q, i) => {
      const rank = rankOf(q, kept);
      this.#levels[i] = Math.min(sorted[rank - 1] ?? 0, Number.MAX_VALUE);
    });
    for (let i = 0; i < kept; i++) this.#batch(batches, this.#kept[i] ?? 0);
  }

  /** Number of packets, answered or not. */
  get packets(): number {
    return this.#packets;
  }

  /** The mean delay of the answered packets, in s, exact; undefined without delays. */
  get mean(): number | undefined {
    const { count } = this.values;
    return count === 0 ? undefined : (this.#first + this.#sum / count) / 1000;
  }

  /** The standard deviation of the delays, in s; undefined without delays. */
  get deviation(): number | undefined {
    const { count } = this.values;
    if (count === 0) return undefined;
    return Math.sqrt(Math.max(0, this.#squares / count - (this.#sum / count) ** 2)) / 1000;
  }

  /** The autocorrelation of the delays at lag 1; 0 if they do not vary. */
  get autocorrelation(): number {
    const { count } = this.values;
    const mean = this.#sum / Math.max(1, count);
    const variance = this.#squares - count * mean * mean;
    return variance > 0 ? (this.#products - (count - 1) * mean * mean) / variance : 0;
  }

  /** The means of the batches so far. */
  batchMeans(): BatchMeans {
    let batches = this.#batches;
    if (this.#packets < KEPT) {
      batches = this.#newBatches();
      this.#fillBatches(batches);
    }
    const { length } = this.quantiles;
    const below = Array.from({ length: length + 1 }, (_, level) => batches.means(level));
    for (let level = 1; level <= length; level++)
      below[level]?.forEach((share, row, shares) => {
        shares[row] = share + (below[level - 1]?.[row] ?? 0);
      });
    const answered = below.pop();
    const mean = this.#sum / Math.max(1, this.values.count);
    const deviations = batches.means(length + 1).map((sum, row) => (sum - mean * (answered?.[row] ?? 0)) / 1000);
    return { size: batches.size, below, deviations };
  }
}

/** The means of the complete batches of a series, in order. */
export interface BatchMeans {
  /** Packets in each batch. */
  readonly size: number;
  /** For each quantile, the share of packets whose delay does not exceed the level near it. */
  readonly below: readonly Float64Array[];
  /** Deviations of the delays from the mean of the whole series, s per packet. */
  readonly deviations: Float64Array;
}
