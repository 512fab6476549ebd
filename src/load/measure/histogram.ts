/**
 * The hot half of an HDR histogram: counting a value costs two array accesses and calls no library.
 *
 * The layout is that of HdrHistogram with 3 significant digits and a unit of 1 ns: values below 2,048 ns have a cell
 * each, every doubling above has 1,024, so no cell is wider than a thousandth of its value. A double's exponent and
 * first ten fraction bits, read as one number, are that cell's index. Reports hand the counts to hdr-histogram-js.
 */
import { build, type Histogram as HdrHistogram } from "hdr-histogram-js";

const NANOSECONDS_PER_MS = 1e6;
const LINEAR_CELLS = 2048;
const CELLS_PER_DOUBLING = 1024;
/** Index of the cell of 2^10 ns in the numbering by exponent and fraction: (1023 + 10 - 1) × 1,024. */
const FIRST_INDEX = 1032 * CELLS_PER_DOUBLING;
/** 2^41 ns: more than half an hour. A longer time is counted as this. */
const LARGEST_EXPONENT = 41;
const CELLS = (LARGEST_EXPONENT - 9) * CELLS_PER_DOUBLING;
const LARGEST = 2 ** LARGEST_EXPONENT - 1;

const bits = new ArrayBuffer(8);
const asDouble = new Float64Array(bits);
const asWords = new Uint32Array(bits);
/** The word of a double that holds its exponent: the second on a little-endian machine. */
const HIGH_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

function cellOf(nanoseconds: number): number {
  if (nanoseconds < LINEAR_CELLS) return Math.floor(nanoseconds);
  asDouble[0] = nanoseconds;
  return ((asWords[HIGH_WORD] ?? 0) >>> 10) - FIRST_INDEX;
}

/** The least value that cell `index` counts, in ns. */
function cellStart(index: number): number {
  if (index < LINEAR_CELLS) return index;
  const doubling = Math.floor(index / CELLS_PER_DOUBLING) - 1;
  return ((index % CELLS_PER_DOUBLING) + CELLS_PER_DOUBLING) * 2 ** doubling;
}

/** How wide cell `index` is, in ns. */
function cellWidth(index: number): number {
  return index < LINEAR_CELLS ? 1 : 2 ** (Math.floor(index / CELLS_PER_DOUBLING) - 1);
}

/** A histogram of durations: takes milliseconds, gives seconds. Its size is fixed: 128 KiB. */
export class Histogram {
  readonly #cells = new Uint32Array(CELLS);
  #count = 0;
  #sum = 0;
  #sumOfSquares = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = 0;

  /** Counts one duration in ms. A negative one, which only a clock that was set gives, counts as 0. */
  record(ms: number): void {
    const nanoseconds = ms > 0 ? Math.min(ms * NANOSECONDS_PER_MS, LARGEST) : 0;
    const cell = cellOf(nanoseconds);
    this.#cells[cell] = (this.#cells[cell] ?? 0) + 1;
    this.#count++;
    this.#sum += nanoseconds;
    this.#sumOfSquares += nanoseconds * nanoseconds;
    if (nanoseconds < this.#least) this.#least = nanoseconds;
    if (nanoseconds > this.#most) this.#most = nanoseconds;
  }

  /** Forgets everything. */
  reset(): void {
    this.#cells.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#sumOfSquares = 0;
    this.#least = Number.POSITIVE_INFINITY;
    this.#most = 0;
  }

  /** How many durations were counted. */
  get count(): number {
    return this.#count;
  }

  /** The sum of all durations, in s. */
  get sum(): number {
    return this.#sum / 1e9;
  }

  /** The shortest duration, in s, exact; undefined of an empty histogram, as are the next three. */
  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#least / 1e9;
  }

  /** The longest duration, in s, exact. */
  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#most / 1e9;
  }

  /** The mean duration, in s, exact. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count / 1e9;
  }

  /** The standard deviation, in s, exact but for rounding. */
  get deviation(): number | undefined {
    if (this.#count === 0) return undefined;
    const mean = this.#sum / this.#count;
    return Math.sqrt(Math.max(0, this.#sumOfSquares / this.#count - mean * mean)) / 1e9;
  }

  /** The duration of rank `rank` (1 is the shortest), in s: the middle of its cell, within the shortest and the longest. */
  atRank(rank: number): number | undefined {
    if (rank < 1 || rank > this.#count) return undefined;
    let seen = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      seen += this.#cells[cell] ?? 0;
      if (seen < rank) continue;
      const middle = cellStart(cell) + (cellWidth(cell) - 1) / 2;
      return Math.min(Math.max(middle, this.#least), this.#most) / 1e9;
    }
    return undefined;
  }

  /** The quantile `q` (0 to 1), in s: the shortest duration that at least that share does not exceed. */
  quantile(q: number): number | undefined {
    return this.atRank(Math.max(1, Math.ceil(q * this.#count - 1e-9)));
  }

  /** How many durations do not exceed each of `bounds` (s, rising), to the width of a cell. */
  countsUpTo(bounds: readonly number[]): number[] {
    let cell = 0;
    let seen = 0;
    return bounds.map((bound) => {
      const last = cellOf(Math.min(Math.max(0, bound * 1e9), LARGEST));
      for (; cell <= last; cell++) seen += this.#cells[cell] ?? 0;
      return seen;
    });
  }

  /** Every cell that is not empty, from the shortest: its least value and its width in s, and its count. */
  *filled(): Generator<{ readonly start: number; readonly width: number; readonly count: number }> {
    for (let cell = 0; cell < CELLS; cell++) {
      const count = this.#cells[cell] ?? 0;
      if (count > 0) yield { start: cellStart(cell) / 1e9, width: cellWidth(cell) / 1e9, count };
    }
  }

  /** The same counts as an HdrHistogram in ns, for its standard text form. */
  toHdr(): HdrHistogram {
    const hdr = build({ lowestDiscernibleValue: 1, highestTrackableValue: 2 ** 42, numberOfSignificantValueDigits: 3 });
    for (let cell = 0; cell < CELLS; cell++) {
      const count = this.#cells[cell] ?? 0;
      if (count > 0) hdr.recordValueWithCount(cellStart(cell), count);
    }
    return hdr;
  }
}
