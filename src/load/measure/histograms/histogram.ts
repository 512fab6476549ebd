/**
 * A histogram with the cells of an HDR histogram with 3 significant digits and a unit of 1 ns. Recording a value takes
 * two array accesses and no library call.
 */

import { build, type Histogram as HdrHistogram } from "hdr-histogram-js";
import { clamp } from "../../../base/numbers.ts";
import { rankOf } from "../statistics/rank.ts";
import { cellOf, cellStart, cellsBelow, cellWidth } from "./cells.ts";

const NANOSECONDS_PER_MS = 1e6;
/** 2^41 ns, more than half an hour. A longer duration is recorded as this one. */
const LARGEST_EXPONENT = 41;
const CELLS = cellsBelow(LARGEST_EXPONENT);
const LARGEST = 2 ** LARGEST_EXPONENT - 1;

/** A histogram of durations, which are recorded in ms and read in s. Its size is fixed: 128 KiB. */
export class Histogram {
  readonly #cells = new Uint32Array(CELLS);
  #count = 0;
  #sum = 0;
  #sumOfSquares = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Records a duration in ms. A negative one, as between two clocks that differ, is recorded as 0. */
  record(ms: number): void {
    const nanoseconds = ms > 0 ? Math.min(ms * NANOSECONDS_PER_MS, LARGEST) : 0;
    const cell = cellOf(nanoseconds);
    this.#cells[cell] = (this.#cells[cell] ?? 0) + 1;
    this.#count++;
    this.#sum += nanoseconds;
    this.#sumOfSquares += nanoseconds * nanoseconds;
    if (nanoseconds < this.#min) this.#min = nanoseconds;
    if (nanoseconds > this.#max) this.#max = nanoseconds;
  }

  /** Removes all durations. */
  reset(): void {
    this.#cells.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#sumOfSquares = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = 0;
  }

  /** Number of durations. */
  get count(): number {
    return this.#count;
  }

  /** Sum of all durations, s. */
  get sum(): number {
    return this.#sum / 1e9;
  }

  /** Shortest duration, s, exact. This and the next three are undefined if the histogram is empty. */
  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#min / 1e9;
  }

  /** Longest duration, s, exact. */
  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max / 1e9;
  }

  /** Mean duration, s, exact. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count / 1e9;
  }

  /** Standard deviation, s, exact except for rounding. */
  get deviation(): number | undefined {
    if (this.#count === 0) return undefined;
    const mean = this.#sum / this.#count;
    return Math.sqrt(Math.max(0, this.#sumOfSquares / this.#count - mean * mean)) / 1e9;
  }

  /** The duration of rank `rank` (1 is the shortest), s: the middle of its cell, limited to the shortest and the longest. */
  atRank(rank: number): number | undefined {
    if (rank < 1 || rank > this.#count) return undefined;
    let seen = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      seen += this.#cells[cell] ?? 0;
      if (seen < rank) continue;
      const middle = cellStart(cell) + (cellWidth(cell) - 1) / 2;
      return clamp(middle, this.#min, this.#max) / 1e9;
    }
    return undefined;
  }

  /** The quantile `q` (0 to 1), s: the shortest duration that at least that share of the durations does not exceed. */
  quantile(q: number): number | undefined {
    return this.atRank(rankOf(q, this.#count));
  }

  /** Number of durations up to each of `bounds` (s, ascending), with the accuracy of a cell. */
  countsUpTo(bounds: readonly number[]): number[] {
    let cell = 0;
    let seen = 0;
    return bounds.map((bound) => {
      const last = cellOf(Math.min(Math.max(0, bound * 1e9), LARGEST));
      for (; cell <= last; cell++) seen += this.#cells[cell] ?? 0;
      return seen;
    });
  }

  /** The cells that are not empty, in ascending order: smallest value and width in s, and count. */
  *filled(): Generator<{ readonly start: number; readonly width: number; readonly count: number }> {
    for (let cell = 0; cell < CELLS; cell++) {
      const count = this.#cells[cell] ?? 0;
      if (count > 0) yield { start: cellStart(cell) / 1e9, width: cellWidth(cell) / 1e9, count };
    }
  }

  /** The same counts as an HdrHistogram in ns, for its text format. */
  toHdr(): HdrHistogram {
    const hdr = build({ lowestDiscernibleValue: 1, highestTrackableValue: 2 ** 42, numberOfSignificantValueDigits: 3 });
    for (let cell = 0; cell < CELLS; cell++) {
      const count = this.#cells[cell] ?? 0;
      if (count > 0) hdr.recordValueWithCount(cellStart(cell), count);
    }
    return hdr;
  }
}
