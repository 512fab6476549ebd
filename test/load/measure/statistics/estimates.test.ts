import { describe, expect, test } from "bun:test";
import { random } from "../../../../src/base/random.ts";
import { quantileRanks, samplesNeeded, wilson } from "../../../../src/load/measure/statistics/estimates.ts";

describe("wilson", () => {
  test("gives the published values", () => {
    // Newcombe 1998, table I: 81/263 and 15/148, method 3 (score without continuity correction).
    const first = wilson(81, 263);
    expect([first.low, first.high].map((edge) => Number(edge.toFixed(4)))).toEqual([0.2553, 0.3662]);
    const second = wilson(15, 148);
    expect([second.low, second.high].map((edge) => Number(edge.toFixed(4)))).toEqual([0.0624, 0.1605]);
  });

  test("stays within 0 and 1 at the limits", () => {
    expect(wilson(0, 100).low).toBe(0);
    expect(wilson(0, 100).high).toBeCloseTo(0.037, 3);
    expect(wilson(100, 100).high).toBe(1);
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe("quantileRanks", () => {
  test("the ranks of the median are the published ones", () => {
    // Conover, Practical Nonparametric Statistics: n = 6 is the smallest sample, with the two extremes; for n = 20 the ranks are 6 and 15.
    expect(quantileRanks(5, 0.5)).toBe(undefined);
    expect(quantileRanks(6, 0.5)).toEqual({ low: 1, high: 6 });
    expect(quantileRanks(20, 0.5)).toEqual({ low: 6, high: 15 });
  });

  test("samplesNeeded is the smallest number with an interval", () => {
    for (const q of [0.5, 0.9, 0.99, 0.999]) {
      const needed = samplesNeeded(q);
      expect(quantileRanks(needed, q)).toBeDefined();
      expect(quantileRanks(needed - 1, q)).toBe(undefined);
    }
    expect(samplesNeeded(0.5)).toBe(6);
    expect(samplesNeeded(0.99)).toBe(368);
  });

  test("the exact ranks and the normal approximation agree where one replaces the other", () => {
    const exact = quantileRanks(15_900_000, 0.5);
    const normal = quantileRanks(16_100_000, 0.5);
    const half = (n: number, ranks: typeof exact) => ((ranks?.high ?? 0) - (ranks?.low ?? 0)) / 2 / Math.sqrt(n / 4);
    expect(half(15_900_000, exact)).toBeCloseTo(1.96, 2);
    expect(half(16_100_000, normal)).toBeCloseTo(1.96, 2);
  });

  test("the interval contains the true quantile in 95 % of the samples, or slightly more", () => {
    const draw = random(11, "test");
    let covered = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const samples = Array.from({ length: 200 }, () => draw()).sort((a, b) => a - b);
      const ranks = quantileRanks(200, 0.9);
      if (ranks !== undefined && (samples[ranks.low - 1] ?? 1) <= 0.9 && (samples[ranks.high - 1] ?? 0) >= 0.9)
        covered++;
    }
    expect(covered).toBeGreaterThan(930);
    expect(covered).toBeLessThan(990);
  });
});
