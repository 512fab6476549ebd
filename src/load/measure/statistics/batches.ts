/**
 * Sums over consecutive batches of a series, in fixed memory. All batches have the same size, which doubles as the
 * series grows: when all rows are in use, neighbouring batches are added pairwise. From 64 samples on, a series has 64
 * to 127 batches, from which its serial dependence can be estimated.
 */

/** Rows of a Batches object; a power of two. */
const ROWS = 128;

/** Batch sums of one or more quantities of the same series. */
export class Batches {
  readonly #columns: number;
  readonly #sums: Float64Array;
  #start = 0;
  #inBatch = 0;
  #size = 1;

  /** @param columns how many quantities each sample has */
  constructor(columns: number) {
    this.#columns = columns;
    this.#sums = new Float64Array(ROWS * columns);
  }

  /** Samples in a complete batch. */
  get size(): number {
    return this.#size;
  }

  /** How many batches are complete. */
  get count(): number {
    return this.#start / this.#columns;
  }

  /** Adds to one quantity of the current sample. */
  add(column: number, amount: number): void {
    const cell = this.#start + column;
    this.#sums[cell] = (this.#sums[cell] ?? 0) + amount;
  }

  /** Ends the current sample. */
  next(): void {
    if (++this.#inBatch === this.#size) this.#endBatch();
  }

  #endBatch(): void {
    this.#inBatch = 0;
    this.#start += this.#columns;
    if (this.#start === this.#sums.length) this.#merge();
  }

  #merge(): void {
    const half = this.#sums.length / 2;
    for (let cell = 0; cell < half; cell++) {
      const column = cell % this.#columns;
      const first = (cell - column) * 2 + column;
      this.#sums[cell] = (this.#sums[first] ?? 0) + (this.#sums[first + this.#columns] ?? 0);
    }
    this.#sums.fill(0, half);
    this.#start = half;
    this.#size *= 2;
  }

  /** The mean of one quantity over the samples of each complete batch, in the order of the series. */
  means(column: number): Float64Array {
    return Float64Array.from(
      { length: this.count },
      (_, row) => (this.#sums[row * this.#columns + column] ?? 0) / this.#size,
    );
  }
}
