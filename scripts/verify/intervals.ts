/** Recomputes the 95 % intervals of the response time: of its percentiles and of its mean. */
import { derived, type Expectations, exact, threeDigitsAbove } from "./expected.ts";
import { ascending, deviation, mean, QUANTILES, rankOf, sum } from "./plain.ts";
import { batchMeans, degreesFor, independentBatches, longRunVariance, studentT } from "./series.ts";

/** How many packets decide the levels of the batches. */
const FIRST = 4096;

/** The delays of a run, ms. */
export interface Delays {
  /** Of every packet in the order of the final fates; Infinity without an answer within the timeout. */
  readonly series: readonly number[];
  /** Absolute differences of the service times of consecutive packets. */
  readonly steps: readonly number[];
}

/** The shape of the tail with its standard error: probability-weighted moments of the greatest n^0.7 values. */
function tail(values: readonly number[]): { shape: number; error: number } | undefined {
  const size = Math.floor(values.length ** 0.7);
  if (size < 50) return undefined;
  const greatest = ascending(values).slice(-size);
  const excesses = greatest.map((value) => value - (greatest[0] ?? 0));
  const first = sum(excesses);
  if (first === 0) return { shape: -1, error: 0 };
  const second = sum(excesses.map((excess, index) => excess * (1 - (index + 0.65) / size)));
  const shape = 2 - first / (first - 2 * second);
  return { shape, error: (1 + Math.max(0, shape)) / Math.sqrt(size) };
}

function isHeavy(values: readonly number[], limit: number): boolean {
  const found = tail(values);
  return found === undefined || found.shape + found.error > limit;
}

/** The lag-1 autocorrelation of the answered packets' delays. */
function autocorrelation(values: readonly number[]): number {
  const shifted = values.map((value) => value - (values[0] ?? 0));
  const middle = mean(shifted) ?? 0;
  const variance = sum(shifted.map((value) => value ** 2)) - values.length * middle ** 2;
  const products = sum(shifted.slice(1).map((value, index) => value * (shifted[index] ?? 0)));
  return variance > 0 ? (products - (values.length - 1) * middle ** 2) / variance : 0;
}

/** What the intervals depend on. */
interface Dependence {
  readonly degrees: number;
  readonly isDependent: boolean;
  readonly reason: string | undefined;
  readonly inflation: number;
  readonly inflations: readonly (number | undefined)[];
  readonly deviations: readonly number[];
}

function dependenceOf({ series, steps }: Delays): Dependence {
  const answered = series.filter(Number.isFinite);
  const first = ascending(series.slice(0, FIRST));
  const levels = QUANTILES.map(({ q }) => Math.min(first[rankOf(q, first.length) - 1] ?? 0, Number.MAX_VALUE));
  const shares = levels.map((level) => batchMeans(series.map((delay) => (delay <= level ? 1 : 0))));
  const middle = mean(answered) ?? 0;
  const deviations = batchMeans(series.map((delay) => (Number.isFinite(delay) ? (delay - middle) / 1000 : 0)));
  const isCentral = (_: unknown, index: number) => Math.abs((QUANTILES[index]?.q ?? 0) - 0.5) <= 0.42;
  const independent = [...shares.filter(isCentral), deviations].map(({ means }) => independentBatches(means));
  const degrees = degreesFor(Math.min(...independent));
  const inflations = shares.map(({ size, means }) => {
    const share = mean(means) ?? 0;
    if (degrees === 0 || share * (1 - share) === 0) return undefined;
    return (longRunVariance(means, degrees) * size) / (share * (1 - share));
  });
  const correlation = Math.min(0.9999, Math.max(0, autocorrelation(answered)));
  const isSignificant = correlation > 2 / Math.sqrt(answered.length);
  const chain = isSignificant ? (1 + correlation) / (1 - correlation) : 1;
  const inflation = Math.max(chain, ...inflations.filter(isCentral).map((own) => own ?? 1));
  const isDependent = isSignificant || inflation > 2;
  const few = degreesFor(deviations.means.length) === 0 ? "too few" : "too dependent";
  const heavy = isDependent && isHeavy(steps, 0.2) ? "heavy-tailed" : undefined;
  const reason = degrees === 0 ? few : heavy;
  return { degrees, isDependent, reason, inflation, inflations, deviations: deviations.means };
}

/** The delay of a rank that need not be whole, ms; Infinity among the packets without an answer. */
function atRank(sorted: readonly number[], rank: number): number {
  if (rank > sorted.length + 0.5) return Number.POSITIVE_INFINITY;
  return sorted[Math.max(1, Math.ceil(rank - 0.5)) - 1] ?? Number.POSITIVE_INFINITY;
}

/** The limits of a quantile in ms, or why it has none. */
function quantileLimits({ series }: Delays, index: number, dependence: Dependence): readonly [number, number] | string {
  const { q } = QUANTILES[index] ?? QUANTILES[0];
  const { degrees, isDependent, inflation, reason } = dependence;
  if (reason !== undefined) return reason;
  const own = dependence.inflations[index] ?? inflation;
  const beyond = (series.length * Math.min(q, 1 - q)) / (isDependent ? Math.max(inflation, own) : 1);
  if (beyond < (isDependent ? 15 : 5)) return "too few";
  const t = studentT(degrees);
  const half = t * Math.sqrt(series.length * q * (1 - q) * own);
  const middle = series.length * (1 - q) + ((t ** 2 - 1) / 6) * (2 * q - 1) * own;
  if (middle - half < 0.5 || middle + half > series.length - 0.5) return "too few";
  const sorted = ascending(series.filter(Number.isFinite));
  return [atRank(sorted, series.length - (middle + half) + 0.5), atRank(sorted, series.length - (middle - half) + 0.5)];
}

/** The limits of the mean in s, or why it has none. */
function meanLimits({ series }: Delays, dependence: Dependence): readonly [number, number] | string {
  const { degrees, inflation, reason, deviations } = dependence;
  const answered = series.filter(Number.isFinite);
  const [middle, spread] = [mean(answered), deviation(answered) ?? 0];
  if (reason !== undefined) return reason;
  if (isHeavy(answered, 0.25)) return "heavy-tailed";
  if (middle === undefined) return "too few";
  const skewness = spread === 0 ? 0 : sum(answered.map((ms) => ((ms - middle) / spread) ** 3)) / answered.length;
  if (series.length / inflation < Math.max(30, 100 * skewness ** 2)) return "too few";
  const error = Math.sqrt(longRunVariance(deviations, degrees) / deviations.length) / (answered.length / series.length);
  return [middle / 1000 - studentT(degrees) * error, middle / 1000 + studentT(degrees) * error];
}

/** Expectations of `intervals` and `noInterval`. */
export function delayIntervals(delays: Delays): Expectations {
  const expected: Expectations = new Map();
  const dependence = dependenceOf(delays);
  const sorted = ascending(delays.series.filter(Number.isFinite));
  const ofMean = sorted.length === 0 ? undefined : meanLimits(delays, dependence);
  if (typeof ofMean === "string") expected.set("noInterval.mean", exact(ofMean));
  else ofMean?.forEach((limit, end) => void expected.set(`intervals.mean.${end}`, derived(limit)));
  QUANTILES.forEach(({ name, needs }, index) => {
    if (delays.series.length < needs) return;
    const limits = quantileLimits(delays, index, dependence);
    if (typeof limits === "string") expected.set(`noInterval.${name}`, exact(limits));
    else if (Number.isFinite(limits[0])) {
      limits.forEach((limit, end) => {
        const value = Number.isFinite(limit) ? threeDigitsAbove(sorted[0] ?? 0, limit) : exact(null);
        expected.set(`intervals.${name}.${end}`, value);
      });
    }
  });
  return expected;
}
