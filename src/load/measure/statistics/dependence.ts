/**
 * Serial dependence, estimated from the means of consecutive batches.
 *
 * The variance of a mean of dependent samples is set by the long-run variance of the series: its spectral density at
 * frequency zero. The estimate here is the equal-weighted cosine estimator (Lazarus, Lewis, Stock and Watson 2018,
 * "HAR Inference: Recommendations for Practice"): the average power of the lowest cosine frequencies. Its bias is of
 * second order, while that of batch means is of first order. Intervals with it use the t distribution with as many
 * degrees of freedom as there are frequencies.
 */

/** Greatest number of frequencies. More would hardly make the t quantile smaller. */
const MOST_DEGREES = 24;
/** Independent batches per frequency. Restricts the estimate to frequencies at which the spectrum is flat. */
const BATCHES_PER_DEGREE = 4;
/** Least number of frequencies for a usable variance. */
export const FEWEST_DEGREES = 4;

/** The mean of a series that is not empty. */
export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/**
 * The lag-1 autocorrelation of a short series, corrected for bias (Kendall 1954), from 0 to 0.999. `noise` is the
 * variance of independent noise in the series, which the result excludes.
 */
function autocorrelation(values: Float64Array, noise: number): number {
  const middle = meanOf(values);
  let [squares, products, before] = [0, 0, 0];
  for (const value of values) {
    const deviation = value - middle;
    squares += deviation * deviation;
    products += deviation * before;
    before = deviation;
  }
  if (squares === 0) return 0;
  const bias = (1 + (3 * products) / squares) / values.length;
  const signal = Math.max(0, squares - noise * values.length);
  const raw = products / squares + bias;
  return Math.min(0.999, Math.max(0, signal > 0 ? (raw * squares) / signal : Math.sign(raw)));
}

/**
 * The effective number of independent batches: K(1 - r)/(1 + r), where r is the lag-1 autocorrelation of the K means.
 * @param noise the part of the variance of the means that is known to be independent
 */
export function independentBatches(means: Float64Array, noise = 0): number {
  const correlation = autocorrelation(means, noise);
  return (means.length * (1 - correlation)) / (1 + correlation);
}

/** The degrees of freedom that this number of independent batches allows a long-run variance; 0 if there are too few. */
export function degreesFor(independent: number): number {
  const degrees = Math.min(MOST_DEGREES, Math.floor(independent / BATCHES_PER_DEGREE));
  return degrees < FEWEST_DEGREES ? 0 : degrees;
}

/**
 * The power of a series of batch means at its `count` lowest cosine frequencies, from the lowest. Each is an estimate of
 * the long-run variance, and has about one degree of freedom.
 */
export function cosinePowers(means: Float64Array, count: number): Float64Array {
  const middle = meanOf(means);
  return Float64Array.from({ length: count }, (_, index) => {
    let amplitude = 0;
    for (let i = 0; i < means.length; i++) {
      amplitude += ((means[i] ?? 0) - middle) * Math.cos((Math.PI * (index + 1) * (i + 0.5)) / means.length);
    }
    return (amplitude * amplitude * 2) / means.length;
  });
}

/**
 * The long-run variance of a series of batch means. Divided by the number of batches it is the variance of their mean.
 * Uses the `degrees` lowest cosine frequencies.
 */
export function longRunVariance(means: Float64Array, degrees: number): number {
  return meanOf(cosinePowers(means, degrees));
}
