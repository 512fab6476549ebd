/** How heavy the upper tail of a distribution is. */

/** A cell of a histogram. */
interface Cell {
  readonly start: number;
  readonly width: number;
  readonly count: number;
}

/** The number of samples in the tail is the number of all samples to this power: 10 % of 2,000, 4 % of 40,000. */
const TAIL_POWER = 0.7;
/** Least number of samples in the tail for an estimate of its shape. */
const FEWEST_IN_TAIL = 50;

/** A tail's shape with its standard error. */
export interface TailShape {
  /**
   * The shape ξ of the generalized Pareto distribution that fits the tail: 1/α for a Pareto distribution of shape α,
   * 0 for an exponential or a normal one, below 0 for a bounded one. The variance is infinite from 1/2 on.
   */
  readonly shape: number;
  readonly error: number;
}

/**
 * Fits a generalized Pareto distribution to the greatest samples by probability-weighted moments (Hosking and Wallis
 * 1987). `cells` are in rising order and contain `count` samples. Undefined if there are too few.
 */
export function tailShape(cells: Iterable<Cell>, count: number): TailShape | undefined {
  const inTail = Math.floor(count ** TAIL_POWER);
  if (inTail < FEWEST_IN_TAIL) return undefined;
  let skip = count - inTail;
  let threshold: number | undefined;
  let [rank, first, second] = [0, 0, 0];
  for (const cell of cells) {
    const above = cell.count - skip;
    skip = Math.max(0, -above);
    if (above <= 0) continue;
    const value = cell.start + cell.width / 2;
    threshold ??= value;
    const excess = value - threshold;
    first += above * excess;
    second += above * excess * (1 - (rank + (above - 1) / 2 + 0.65) / inTail);
    rank += above;
  }
  if (first === 0) return { shape: -1, error: 0 };
  const shape = 2 - first / (first - 2 * second);
  return { shape, error: (1 + Math.max(0, shape)) / Math.sqrt(inTail) };
}
