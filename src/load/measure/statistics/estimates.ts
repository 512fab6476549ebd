/** 95 % confidence intervals of shares and quantiles. */
import { Z95 } from "../../../base/numbers.ts";
import { rankOf } from "./rank.ts";

const TAIL = 0.025;
/** Above this standard deviation of a rank, the error of the normal approximation is below a thousandth of it. */
const EXACT_BELOW = 2000;

/** The limits of an interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Wilson's score interval of the share `hits` / `total` (Wilson 1927); from 0 to 1 if `total` is 0. */
export function wilson(hits: number, total: number): Interval {
  if (total === 0) return { low: 0, high: 1 };
  const share = hits / total;
  const squared = (Z95 * Z95) / total;
  const middle = share + squared / 2;
  const half = Z95 * Math.sqrt((share * (1 - share)) / total + squared / (4 * total));
  return {
    low: hits === 0 ? 0 : (middle - half) / (1 + squared),
    high: hits === total ? 1 : (middle + half) / (1 + squared),
  };
}

/** ln n! by Stirling's series, with an error below 1e-10. */
export function logFactorial(n: number): number {
  if (n < 16) {
    let product = 1;
    for (let factor = 2; factor <= n; factor++) product *= factor;
    return Math.log(product);
  }
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3);
}

/** Probability of `k` successes in `n` trials of probability `q`. */
function binomialAt(n: number, q: number, k: number): number {
  const log = logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(q) + (n - k) * Math.log1p(-q);
  return Math.exp(log);
}

/**
 * Ranks (1 is the smallest sample) of the two order statistics of `n` samples between which the quantile `q` lies with
 * at least 95 % probability, for any distribution of independent samples. Undefined if `n` is too small for both ranks
 * to exist. The number of samples below the quantile is binomial (David and Nagaraja, Order Statistics, section 7.1).
 */
export function quantileRanks(n: number, q: number): Interval | undefined {
  const deviation = Math.sqrt(n * q * (1 - q));
  const from = Math.max(0, Math.floor(n * q - 12 * deviation) - 2);
  if (deviation > EXACT_BELOW) {
    const low = Math.floor(n * q - Z95 * deviation);
    const high = Math.ceil(n * q + Z95 * deviation) + 1;
    return low >= 1 && high <= n ? { low, high } : undefined;
  }
  let low = 0;
  let below = 0;
  for (let k = from; k < n; k++) {
    below += binomialAt(n, q, k);
    // `below` is P(B ≤ k), the probability that the order statistic of rank k + 1 exceeds the quantile.
    if (below <= TAIL) low = k + 1;
    if (below >= 1 - TAIL) return low >= 1 ? { low, high: k + 1 } : undefined;
  }
  return undefined;
}

/** Smallest number of samples for which `quantileRanks` is defined. */
export function samplesNeeded(q: number): number {
  const edge = Math.max(q, 1 - q);
  let n = Math.max(1, Math.floor(Math.log(TAIL) / Math.log(edge)) - 2);
  while (quantileRanks(n, q) === undefined) n++;
  return n;
}

/**
 * The quantile `q` over `packets` packets, of which `values` has those with a time; the time of the others is infinite
 * (RFC 7679 section 4). Infinity if the quantile's rank is among them, undefined if there are too few packets for both
 * limits of its confidence interval.
 */
export function quantileAmong(
  values: { readonly count: number; atRank(rank: number): number | undefined },
  packets: number,
  q: number,
): number | undefined {
  if (quantileRanks(packets, q) === undefined) return undefined;
  const rank = rankOf(q, packets);
  return rank > values.count ? Number.POSITIVE_INFINITY : values.atRank(rank);
}

/** A distribution from which quantiles can be read. */
export interface Ranked {
  readonly count: number;
  quantile(q: number): number | undefined;
}

/** The quantile `q`; null if there are too few samples for both limits of its confidence interval. */
export function quantileOf(samples: Ranked, q: number): number | null {
  return quantileRanks(samples.count, q) === undefined ? null : (samples.quantile(q) ?? null);
}
