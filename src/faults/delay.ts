/** Draws delays from their distributions, independent of each other or correlated. */
import { clamp } from "../base/numbers.ts";
import type { Random } from "../base/random.ts";
import { type Delay, MAX_DELAY_MS } from "./faults.ts";

/** Draws one delay, 0 to MAX_DELAY_MS ms. */
export function sampleDelay(delay: Delay, random: Random): number {
  return clamp(drawDelay(delay, random), 0, MAX_DELAY_MS);
}

function drawDelay(delay: Delay, random: Random): number {
  switch (delay.kind) {
    case "fixed":
      return delay.ms;
    case "uniform":
      return delay.minMs + random() * (delay.maxMs - delay.minMs);
    case "normal":
      return delay.meanMs + delay.stddevMs * normal(random);
    case "pareto":
      return delay.scaleMs / (1 - random()) ** (1 / delay.shape);
  }
}

/** A standard normal variate (Box and Muller). */
function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random())); // 1 - random() is never 0
  return radius * Math.cos(2 * Math.PI * random());
}

/**
 * The next number of a series of standard normal variates, each with the correlation `rho` to the one before; `last` is
 * undefined for the first. As quantiles of a distribution (`delayAt`) they keep it: the correlation changes no mean and
 * no percentile of the delays, unlike that of tc-netem(8), which mixes two delays.
 */
export function correlatedVariate(last: number | undefined, rho: number, random: Random): number {
  const own = normal(random);
  return last === undefined ? own : rho * last + Math.sqrt(1 - rho * rho) * own;
}

/** The delay at a standard normal variate: its quantile in the distribution, 0 to MAX_DELAY_MS ms. */
export function delayAt(delay: Delay, variate: number): number {
  return clamp(quantile(delay, variate), 0, MAX_DELAY_MS);
}

function quantile(delay: Delay, variate: number): number {
  switch (delay.kind) {
    case "fixed":
      return delay.ms;
    case "uniform":
      return delay.minMs + normalCdf(variate) * (delay.maxMs - delay.minMs);
    case "normal":
      return delay.meanMs + delay.stddevMs * variate;
    case "pareto":
      return delay.scaleMs / normalCdf(-variate) ** (1 / delay.shape);
  }
}

/** From this distance on the continued fraction converges in fewer steps than the series. */
const TAIL_FROM = 2.5;
/** Steps of the continued fraction: the relative error is below 1e-12 from TAIL_FROM on. */
const TAIL_STEPS = 60;

/** The probability that a standard normal variate is at most `z`; the relative error is below 1e-10 in both tails too. */
export function normalCdf(z: number): number {
  const distance = Math.abs(z);
  const density = Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (distance < TAIL_FROM) return 0.5 + Math.sign(z) * density * centralSeries(distance);
  const tail = density / tailFraction(distance);
  return z > 0 ? 1 - tail : tail;
}

/** The series of Abramowitz and Stegun 26.2.11. */
function centralSeries(z: number): number {
  let [term, sum] = [z, z];
  for (let odd = 3; term > sum * 1e-16; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return sum;
}

/** The continued fraction of Abramowitz and Stegun 26.2.14. */
function tailFraction(z: number): number {
  let fraction = z;
  for (let step = TAIL_STEPS; step > 0; step--) fraction = z + step / fraction;
  return fraction;
}
