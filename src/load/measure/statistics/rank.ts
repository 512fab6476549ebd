/** Ranks of quantiles. */

/** Tolerance for products such as 0.95 * 20, which floating-point numbers can put just above a whole number. */
const TOLERANCE = 1e-9;

/** The rank, from 1, of the quantile `q` (0 to 1) among `count` values in rising order: the nearest-rank method. */
export function rankOf(q: number, count: number): number {
  return Math.max(1, Math.ceil(q * count - TOLERANCE));
}
