/**
 * Logarithmic cells of 3 significant digits, as those of HdrHistogram with a unit of 1: values below 2,048 have a
 * cell each, every doubling above has 1,024, so no cell is wider than a thousandth of its value. A double's exponent
 * and first ten fraction bits, read as one number, are that cell's index.
 */
const LINEAR_CELLS = 2048;
const CELLS_PER_DOUBLING = 1024;
/** Index of the cell of 2^10 in the numbering by exponent and fraction: (1023 + 10 - 1) × 1,024. */
const FIRST_INDEX = 1032 * CELLS_PER_DOUBLING;

const bits = new ArrayBuffer(8);
const asDouble = new Float64Array(bits);
const asWords = new Uint32Array(bits);
/** The word of a double that holds its exponent: the second on a little-endian machine. */
const HIGH_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/** How many cells hold all values below 2^exponent. */
export function cellsBelow(exponent: number): number {
  return (exponent - 9) * CELLS_PER_DOUBLING;
}

/** The cell of a value of 0 or more. */
export function cellOf(value: number): number {
  if (value < LINEAR_CELLS) return Math.floor(value);
  asDouble[0] = value;
  return ((asWords[HIGH_WORD] ?? 0) >>> 10) - FIRST_INDEX;
}

/** The least value of a cell. */
export function cellStart(cell: number): number {
  if (cell < LINEAR_CELLS) return cell;
  const doubling = Math.floor(cell / CELLS_PER_DOUBLING) - 1;
  return ((cell % CELLS_PER_DOUBLING) + CELLS_PER_DOUBLING) * 2 ** doubling;
}

/** The width of a cell. */
export function cellWidth(cell: number): number {
  return cell < LINEAR_CELLS ? 1 : 2 ** (Math.floor(cell / CELLS_PER_DOUBLING) - 1);
}
