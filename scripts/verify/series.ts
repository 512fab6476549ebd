/** Serial dependence of a list of samples, from the means of consecutive batches (Lazarus et al. 2018). */
import { mean, sum } from "./plain.ts";

/** The 97.5 % quantile of the standard normal distribution. */
export const Z95 = 1.959963984540054;

/** The 97.5 % quantile of Student's t with 2 and with 3 degrees of freedom, from a table. */
const [T2, T3] = [4.302652729749464, 3.182446305284263];

/** The 97.5 % quantile of Student's t; from 4 degrees on by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5). */
export function studentT(degrees: number): number {
  if (degrees === 2) return T2;
  if (degrees === 3) return T3;
  const z = Z95;
  const terms = [z, (z ** 3 + z) / 4, (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96];
  const last = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return sum([...terms, last].map((term, power) => term / degrees ** power));
}

/** Means of consecutive batches: the smallest power of two as a size with which there are fewer than 128 of them. */
export function batchMeans(samples: readonly number[]): { size: number; means: number[] } {
  let size = 1;
  while (Math.floor(samples.length / size) >= 128) size *= 2;
  const means = Array.from({ length: Math.floor(samples.length / size) }, (_, batch) => {
    return sum(samples.slice(batch * size, (batch + 1) * size)) / size;
  });
  return { size, means };
}

/** How many independent batches have the same precision, by the lag-1 autocorrelation, corrected for bias (Kendall 1954). */
export function independentBatches(means: readonly number[], noise = 0): number {
  const middle = mean(means) ?? 0;
  const deviations = means.map((value) => value - middle);
  const squares = sum(deviations.map((value) => value ** 2));
  const products = sum(deviations.slice(1).map((value, index) => value * (deviations[index] ?? 0)));
  let correlation = 0;
  if (squares > 0) {
    const raw = products / squares + (1 + (3 * products) / squares) / means.length;
    const signal = Math.max(0, squares - noise * means.length);
    correlation = Math.min(0.999, Math.max(0, signal > 0 ? (raw * squares) / signal : Math.sign(raw)));
  }
  return (means.length * (1 - correlation)) / (1 + correlation);
}

/** Degrees of freedom of a long-run variance: one for each 4 independent batches, at most 24; 0 if fewer than 4. */
export function degreesFor(independent: number): number {
  const degrees = Math.min(24, Math.floor(independent / 4));
  return degrees < 4 ? 0 : degrees;
}

/** The powers of the lowest cosine frequencies. */
export function cosinePowers(means: readonly number[], count: number): number[] {
  const middle = mean(means) ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const amplitudes = means.map(
      (value, i) => (value - middle) * Math.cos((Math.PI * (index + 1) * (i + 0.5)) / means.length),
    );
    return (2 * sum(amplitudes) ** 2) / means.length;
  });
}

/** The mean of these powers. */
export function longRunVariance(means: readonly number[], degrees: number): number {
  return sum(cosinePowers(means, degrees)) / degrees;
}
