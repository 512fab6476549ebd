/**
 * A histogram whose precision depends on the spread of its values, not on their size: it keeps three significant
 * digits of the distance from the minimum. The packet delay variation of RFC 5481, a difference of delays, is
 * therefore precise at any base delay, and so are one-way times, positive or negative, between unsynchronised clocks.
 *
 * The cells count signed distances from a reference near the minimum. Values below it are held as they are, until there
 * are many of them or a result is read. If they are too far below the reference, it moves, and all counts move to the cells
 * of their new distances. Those are larger, so the relative precision remains. Were they counted at once, many small
 * values after a few large ones would be in the wide cells of their distance from these.
 */
import { rankOf } from "../statistics/rank.ts";
import { cellOf, cellStart, cellsBelow, cellWidth } from "./cells.ts";

const NANOSECONDS_PER_MS = 1e6;
/** 2^62 ns: distances of 146 years. A greater one is counted as this; minimum and maximum stay exact. */
const LARGEST_EXPONENT = 62;
const CELLS = cellsBelow(LARGEST_EXPONENT);
const LARGEST = 2 ** LARGEST_EXPONENT - 2 ** 10;
/** Cells are searched in groups of 64: an index shifted by this is its group. */
const GROUP_BITS = 6;
/** How far the minimum may lie below the reference, as a part of its distance to the median. */
const DRIFT = 1 / 4;

/** Values below the reference that are held. */
const MOST_HELD = 1024;

/** A part of the distribution: values from `start` to `start + width`, in s. */
export interface Cell {
  readonly start: number;
  readonly width: number;
  readonly count: number;
}

/** The index of a signed distance in ns; greater distances have greater indices. */
function indexOf(nanoseconds: number): number {
  if (nanoseconds >= 0) return CELLS + cellOf(Math.min(nanoseconds, LARGEST));
  return CELLS - 1 - cellOf(Math.min(-nanoseconds, LARGEST));
}

/** The least distance in ns of an index. */
function startOf(index: number): number {
  if (index >= CELLS) return cellStart(index - CELLS);
  const cell = CELLS - 1 - index;
  return -cellStart(cell) - cellWidth(cell);
}

function widthOf(index: number): number {
  return cellWidth(index >= CELLS ? index - CELLS : CELLS - 1 - index);
}

/** A histogram of signed times: takes ms, gives s. Its size is fixed: 441 KB. */
export class SpreadHistogram {
  readonly #cells = new Uint32Array(2 * CELLS).fill(0);
  readonly #groups = new Uint32Array((2 * CELLS) >> GROUP_BITS).fill(0);
  readonly #held = new Float64Array(MOST_HELD).fill(0);
  #heldCount = 0;
  #reference = 0;
  #count = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;

  /** Counts one time in ms, of any sign. */
  record(ms: number): void {
    if (ms < this.#least) this.#least = ms;
    if (ms > this.#most) this.#most = ms;
    if (this.#count++ === 0) this.#reference = ms;
    if (ms >= this.#reference) this.#addTime(ms);
    else {
      this.#held[this.#heldCount++] = ms;
      if (this.#heldCount === MOST_HELD) this.#settle();
    }
  }

  #addTime(ms: number): void {
    this.#add(indexOf((ms - this.#reference) * NANOSECONDS_PER_MS), 1);
  }

  #add(index: number, count: number): void {
    this.#cells[index] = (this.#cells[index] ?? 0) + count;
    const group = index >> GROUP_BITS;
    this.#groups[group] = (this.#groups[group] ?? 0) + count;
  }

  /** Counts the values that are held, from a reference that is near enough to the minimum. */
  #settle(): void {
    if (this.#heldCount === 0) return;
    const held = this.#held.subarray(0, this.#heldCount).sort();
    this.#heldCount = 0;
    const middle = Math.ceil(this.#count / 2);
    const median = held[middle - 1] ?? this.#valueAt(middle - held.length);
    if (this.#reference - this.#least > DRIFT * (median - this.#least)) this.#moveReference(this.#least);
    for (const ms of held) this.#addTime(ms);
  }

  /** Moves the reference down to `reference`. */
  #moveReference(reference: number): void {
    const further = (this.#reference - reference) * NANOSECONDS_PER_MS;
    this.#reference = reference;
    // From the greatest distance down: a count never moves to a cell that is still to be moved.
    for (let group = this.#groups.length - 1; group >= 0; group--) {
      if ((this.#groups[group] ?? 0) > 0) this.#moveGroup(group, further);
    }
  }

  #moveGroup(group: number, further: number): void {
    const first = group << GROUP_BITS;
    for (let index = first + (1 << GROUP_BITS) - 1; index >= first; index--) {
      const count = this.#cells[index] ?? 0;
      if (count === 0) continue;
      this.#add(index, -count);
      this.#add(indexOf(startOf(index) + widthOf(index) / 2 + further), count);
    }
  }

  /** How many times were counted. */
  get count(): number {
    return this.#count;
  }

  /** The least time, in s, exact; undefined of an empty histogram, as are the next ones. */
  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#least / 1000;
  }

  /** The greatest time, in s, exact. */
  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#most / 1000;
  }

  /** The distance from the reference, in ns, of the value of a rank, which need not be whole. */
  #distanceAt(rank: number): number {
    this.#settle();
    let [group, seen] = [0, 0];
    while (group < this.#groups.length - 1 && seen + (this.#groups[group] ?? 0) + 0.5 < rank)
      seen += this.#groups[group++] ?? 0;
    let index = group << GROUP_BITS;
    while (
      index < this.#cells.length - 1 &&
      ((this.#cells[index] ?? 0) === 0 || seen + (this.#cells[index] ?? 0) + 0.5 < rank)
    )
      seen += this.#cells[index++] ?? 0;
    const within = (rank - seen - 0.5) / (this.#cells[index] ?? 1);
    return startOf(index) + widthOf(index) * Math.min(1, Math.max(0, within));
  }

  /** The value of a rank in ms. */
  #valueAt(rank: number): number {
    return this.#reference + this.#distanceAt(rank) / NANOSECONDS_PER_MS;
  }

  /**
   * The distance above the minimum, in s, of the value of rank `rank` (1 is the least): the delay variation of
   * RFC 5481 section 4.2. Interpolates within a cell, so a rank need not be whole.
   */
  aboveMin(rank: number): number | undefined {
    if (this.#count === 0) return undefined;
    this.#settle();
    const minimum = (this.#least - this.#reference) * NANOSECONDS_PER_MS;
    const range = (this.#most - this.#least) * NANOSECONDS_PER_MS;
    return Math.min(Math.max(0, this.#distanceAt(rank) - minimum), range) / 1e9;
  }

  /** The value of rank `rank` (1 is the least), in s, as precise as its distance from the minimum. */
  atRank(rank: number): number | undefined {
    const above = this.aboveMin(rank);
    return above === undefined ? undefined : this.#least / 1000 + above;
  }

  /** The quantile `q` (0 to 1), in s: the least value that at least that share does not exceed. */
  quantile(q: number): number | undefined {
    return this.atRank(rankOf(q, this.#count));
  }

  /** Every cell that is not empty, from the least value. */
  *filled(): Generator<Cell> {
    this.#settle();
    for (let group = 0; group < this.#groups.length; group++) {
      if ((this.#groups[group] ?? 0) === 0) continue;
      const first = group << GROUP_BITS;
      for (let index = first; index < first + (1 << GROUP_BITS); index++) {
        const count = this.#cells[index] ?? 0;
        if (count === 0) continue;
        yield { start: this.#reference / 1000 + startOf(index) / 1e9, width: widthOf(index) / 1e9, count };
      }
    }
  }
}
