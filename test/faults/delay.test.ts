/** Distributions of delays, and delays that depend on those before them. */
import { describe, expect, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { chance, cleanFate, decideDirection } from "../../src/faults/decide.ts";
import { correlatedVariate, delayAt, normalCdf, sampleDelay } from "../../src/faults/delay.ts";
import { type Delay, MAX_DELAY_MS } from "../../src/faults/faults.ts";

/** The probability of a delay up to `ms`, of each distribution. */
const UNIFORM = { delay: { kind: "uniform", minMs: 10, maxMs: 60 }, cdf: (ms: number) => (ms - 10) / 50 } as const;
const NORMAL = {
  delay: { kind: "normal", meanMs: 100, stddevMs: 10 },
  cdf: (ms: number) => normalCdf((ms - 100) / 10),
} as const;
const PARETO = { delay: { kind: "pareto", scaleMs: 5, shape: 2 }, cdf: (ms: number) => 1 - (5 / ms) ** 2 } as const;

/** `count` delays, each with the correlation `rho` to the one before; independent without it. */
function series(delay: Delay, rho: number | undefined, count: number, seed = 1): Float64Array {
  const draw = random(seed, "delay");
  let variate: number | undefined;
  return Float64Array.from({ length: count }, () => {
    if (rho === undefined) return sampleDelay(delay, draw);
    variate = correlatedVariate(variate, rho, draw);
    return delayAt(delay, variate);
  });
}

/** The largest difference between the share of the values up to a point and its probability (Kolmogorov and Smirnov). */
function distance(values: Float64Array, cdf: (ms: number) => number): number {
  const sorted = values.toSorted();
  return sorted.reduce((most, value, i) => {
    const expected = cdf(value);
    return Math.max(most, Math.abs(expected - i / sorted.length), Math.abs(expected - (i + 1) / sorted.length));
  }, 0);
}

/** The autocorrelation of a series at a lag. */
function autocorrelation(values: Float64Array, lag: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [common, own] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const difference = (values[i] ?? 0) - mean;
    own += difference ** 2;
    if (i >= lag) common += difference * ((values[i - lag] ?? 0) - mean);
  }
  return common / own;
}

test.each([
  [0, 0.5],
  [1, 0.841344746068543],
  [2.4999, 0.9937885816250555],
  [2.5, 0.9937903346742238],
  [-3, 1.349898031630095e-3],
  [-6, 9.865876450376946e-10],
  [-20, 2.753624118606234e-89],
])("the normal distribution at %d has ten digits, also in its tails", (z, probability) => {
  expect(Math.abs(normalCdf(z) / probability - 1)).toBeLessThan(1e-10);
});

describe.each([UNIFORM, NORMAL, PARETO])("$delay.kind", ({ delay, cdf }) => {
  // A correlated series has the information of fewer independent values: (1 - rho) / (1 + rho) of their number.
  test.each([
    [undefined, 0.005],
    [0.001, 0.005],
    [0.5, 0.008],
    [0.9, 0.02],
    [0.99, 0.06],
  ])("with the correlation %p has the same distribution", (rho, tolerance) => {
    expect(distance(series(delay, rho, 200_000), cdf)).toBeLessThan(tolerance);
  });

  test("has its distribution from the first packet on", () => {
    const first = Float64Array.from({ length: 20_000 }, (_, seed) => series(delay, 0.99, 1, seed)[0] ?? 0);
    expect(distance(first, cdf)).toBeLessThan(0.015);
  });
});

test.each([0.5, 0.9])("the autocorrelation of normal delays is %p to the power of the lag", (rho) => {
  const values = series(NORMAL.delay, rho, 200_000);
  for (const lag of [1, 2, 5]) expect(autocorrelation(values, lag)).toBeCloseTo(rho ** lag, 1.7);
  expect(Math.abs(autocorrelation(series(NORMAL.delay, undefined, 200_000), 1))).toBeLessThan(0.01);
});

test.each([0.5, 0.9])("the autocorrelation of uniform delays is that of their normal variates of %p", (rho) => {
  const values = series(UNIFORM.delay, rho, 200_000);
  for (const lag of [1, 2, 5]) {
    const expected = (6 / Math.PI) * Math.asin(rho ** lag / 2);
    expect(autocorrelation(values, lag)).toBeCloseTo(expected, 1.7);
  }
});

test("a fixed delay stays fixed with a correlation", () => {
  expect(new Set(series({ kind: "fixed", ms: 20 }, 0.9, 100))).toEqual(new Set([20]));
});

test("delays are between 0 and the longest, with and without a correlation", () => {
  for (const rho of [undefined, 0.5]) {
    const wide = series({ kind: "normal", meanMs: 0, stddevMs: 60_000 }, rho, 1000);
    expect([Math.min(...wide), Math.max(...wide)]).toEqual([0, MAX_DELAY_MS]);
    const heavy = series({ kind: "pareto", scaleMs: 1, shape: 0.01 }, rho, 1000);
    expect(Math.max(...heavy)).toBe(MAX_DELAY_MS);
  }
});

test("the same seed has the same correlated delays, another seed has others", () => {
  const delays = (seed: number) => {
    const [streams, fate] = [chance(seed, "relay/a"), cleanFate()];
    return Array.from({ length: 50 }, () => {
      decideDirection({ delay: NORMAL.delay, correlation: 0.8 }, streams.up, fate.up);
      return fate.up.delayMs;
    });
  };
  expect(delays(1)).toEqual(delays(1));
  expect(delays(2)).not.toEqual(delays(1));
});
