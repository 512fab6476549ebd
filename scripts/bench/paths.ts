/** Simulated paths whose true loss ratio and delay distribution are known. */
import type { Random } from "../../src/base/random.ts";

/** A path that loses packets. */
export interface LossPath {
  readonly name: string;
  /** The loss ratio of an endless run. */
  readonly ratio: number;
  /**
   * Starts a run; each call then gives the fate of the next packet: lost or not. A path whose loss probability changes
   * passes the probability of each packet to `observe`.
   */
  start(random: Random, observe?: (probability: number) => void): () => boolean;
}

/** A path that delays packets. */
export interface DelayPath {
  readonly name: string;
  /** Starts a run; each call then gives the delay of the next packet, in ms. */
  start(random: Random): () => number;
  /** The quantile `q` of the delays of an endless run, in ms. */
  quantile(q: number): number;
  /** Their mean, in ms; undefined where it is infinite or has no closed form. */
  readonly mean: number | undefined;
}

/** Each packet is lost with probability `ratio`, independently of the others. */
export function independentLosses(ratio: number): LossPath {
  return { name: `independent, ${percent(ratio)}`, ratio, start: (random) => () => random() < ratio };
}

/** Gilbert losses: bursts of `burst` packets on average, with an overall loss ratio of `ratio`. */
export function burstLosses(ratio: number, burst: number): LossPath {
  const [goodToBad, badToGood] = [ratio / (1 - ratio) / burst, 1 / burst];
  return {
    name: `bursts of ${burst}, ${percent(ratio)}`,
    ratio,
    start(random) {
      let bad = random() < ratio;
      return () => {
        bad = bad ? random() >= badToGood : random() < goodToBad;
        return bad;
      };
    },
  };
}

/** Two paths in series: a packet is lost if either path loses it. */
export function eitherLosses(one: LossPath, other: LossPath): LossPath {
  return {
    name: `${one.name} + ${other.name}`,
    ratio: 1 - (1 - one.ratio) * (1 - other.ratio),
    start(random) {
      const [first, second] = [one.start(random), other.start(random)];
      return () => {
        const lost = first();
        return second() || lost;
      };
    },
  };
}

/** Independent losses whose probability changes at random around `ratio`, every `packets` packets on average. */
export function wanderingLosses(ratio: number, packets: number): LossPath {
  const keep = Math.exp(-1 / packets);
  return {
    name: `wandering over ${packets}, ${percent(ratio)}`,
    ratio,
    start(random, observe) {
      let level = random();
      return () => {
        if (random() > keep) level = random();
        observe?.(2 * ratio * level);
        return random() < 2 * ratio * level;
      };
    },
  };
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}

/** Independent delays, by their quantile function. */
function independentDelays(name: string, quantile: (q: number) => number, mean: number): DelayPath {
  return { name, quantile, mean, start: (random) => () => quantile(random()) };
}

/** Uniform delays from 0 to 50 ms. */
export const UNIFORM = independentDelays("uniform", (q) => 50 * q, 25);

/** Normal delays, 20 ms with a standard deviation of 1 ms. */
export const NORMAL: DelayPath = {
  name: "normal",
  quantile: (q) => 20 + normalQuantile(q),
  mean: 20,
  start: (random) => () => 20 + normal(random),
};

/** Pareto delays of 5 ms and more. */
export function pareto(shape: number): DelayPath {
  const quantile = (q: number) => 5 * (1 - q) ** (-1 / shape);
  return independentDelays(`Pareto ${shape}`, quantile, (5 * shape) / (shape - 1));
}

/** Normal delays of a first-order autoregressive process. */
export function autoregressive(correlation: number): DelayPath {
  const fresh = Math.sqrt(1 - correlation ** 2);
  return {
    name: `AR(1) ${correlation}`,
    quantile: (q) => 20 + normalQuantile(q),
    mean: 20,
    start(random) {
      let state = normal(random);
      return () => {
        state = correlation * state + fresh * normal(random);
        return 20 + state;
      };
    },
  };
}

/**
 * TCP behind Pareto delays: one packet a millisecond, each with a delay of its own, delivered in order. A packet waits
 * for all packets before it, so one large delay affects many packets.
 */
export function inOrder(shape: number, scaleMs: number): DelayPath {
  return {
    name: `in order, Pareto ${shape}, ${scaleMs} ms`,
    mean: undefined,
    quantile: (q) => solve((ms) => inOrderShare(ms, shape, scaleMs), q, scaleMs),
    start(random) {
      let delay = 0;
      return () => {
        delay = Math.max(delay - 1, scaleMs * (1 - random()) ** (-1 / shape));
        return delay;
      };
    },
  };
}

/** The share of delays up to `ms`: no packet sent k ms before may be delayed by more than ms + k. */
function inOrderShare(ms: number, shape: number, scaleMs: number): number {
  const terms = 2000;
  let log = 0;
  for (let k = 0; k < terms; k++) log += Math.log1p(-Math.min(1, (scaleMs / (ms + k)) ** shape));
  return Math.exp(log - (scaleMs ** shape * (ms + terms - 0.5) ** (1 - shape)) / (shape - 1));
}

/** A queue with one server, Poisson arrivals, exponential service of 1 ms in the mean, and a load of 0.7. */
export const QUEUE: DelayPath = {
  name: "queue at 70 %",
  quantile: (q) => -Math.log1p(-q) / 0.3,
  mean: 1 / 0.3,
  start(random) {
    const exponential = (mean: number) => -Math.log1p(-random()) * mean;
    let delay = exponential(1 / 0.3);
    return () => {
      delay = Math.max(0, delay - exponential(1 / 0.7)) + exponential(1);
      return delay;
    };
  },
};

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log1p(-random())) * Math.cos(2 * Math.PI * random());
}

/** The `q` quantile of an increasing distribution function, from `least` up. */
function solve(share: (value: number) => number, q: number, least: number): number {
  let [low, high] = [least, least * 1e9];
  for (let step = 0; step < 100; step++) {
    const middle = Math.sqrt(low * high);
    if (share(middle) < q) low = middle;
    else high = middle;
  }
  return low;
}

/** The standard normal quantile, by bisection of its distribution function. */
function normalQuantile(q: number): number {
  let [low, high] = [-10, 10];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < q) low = middle;
    else high = middle;
  }
  return low;
}

/** The standard normal distribution function by the series of Abramowitz and Stegun 26.2.11. */
function normalShare(value: number): number {
  if (Math.abs(value) > 8) return value > 0 ? 1 : 0;
  let [term, sum] = [value, value];
  for (let odd = 3; Math.abs(term) > 1e-16; odd += 2) {
    term *= (value * value) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-value * value) / 2)) / Math.sqrt(2 * Math.PI);
}
