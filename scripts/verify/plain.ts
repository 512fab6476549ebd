/** Textbook statistics of lists of numbers. */

/** The sum. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The mean; undefined of an empty list, as are the next ones. */
export function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : sum(values) / values.length;
}

/** The standard deviation of all values, by their distances from the mean. */
export function deviation(values: readonly number[]): number | undefined {
  const middle = mean(values);
  return middle === undefined ? undefined : Math.sqrt(sum(values.map((v) => (v - middle) ** 2)) / values.length);
}

/** The least value. */
export function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}

/** The greatest value. */
export function greatest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));
}

/** The values in ascending order. */
export function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

/** The quantiles of reports, and the fewest packets with which each has a value (docs/CONTRACT.md, section 6). */
export const QUANTILES = [
  { name: "p50", q: 0.5, needs: 6 },
  { name: "p90", q: 0.9, needs: 36 },
  { name: "p95", q: 0.95, needs: 72 },
  { name: "p99", q: 0.99, needs: 368 },
  { name: "p999", q: 0.999, needs: 3688 },
] as const;

/**
 * The fewest values with which the quantile `q` has a value: neither all of them lie above the quantile nor all below it
 * with more than 2.5 % probability.
 */
export function fewest(q: number): number {
  return Math.ceil(Math.log(0.025) / Math.log(Math.max(q, 1 - q)));
}

/** The rank of the quantile `q` of `count` values, from 1. */
export function rankOf(q: number, count: number): number {
  return Math.max(1, Math.ceil(q * count - 1e-9));
}

/** A quantile by the name in a report; undefined if there are too few values. */
export function quantile(values: readonly number[], name: "p50" | "p99"): number | undefined {
  const { q, needs } = QUANTILES.find((candidate) => candidate.name === name) ?? QUANTILES[0];
  return values.length < needs ? undefined : ascending(values)[rankOf(q, values.length) - 1];
}
