import { describe, expect, test } from "bun:test";
import { random } from "../../../../src/base/random.ts";
import { SpreadHistogram } from "../../../../src/load/measure/histograms/spread-histogram.ts";

function filled(values: Iterable<number>): SpreadHistogram {
  const histogram = new SpreadHistogram();
  for (const ms of values) histogram.record(ms);
  return histogram;
}

/** The greatest relative error of the distances from the minimum at some quantiles, against the sorted values. */
function worstError(values: readonly number[]): number {
  const histogram = filled(values);
  const sorted = values.toSorted((a, b) => a - b);
  const least = sorted[0] ?? 0;
  const errors = [0.1, 0.5, 0.9, 0.99, 0.999].map((q) => {
    const rank = Math.ceil(q * sorted.length);
    const truth = ((sorted[rank - 1] ?? 0) - least) / 1000;
    return Math.abs((histogram.aboveMin(rank) ?? 0) / truth - 1);
  });
  return Math.max(...errors);
}

describe("SpreadHistogram", () => {
  test("an empty one has no values", () => {
    const histogram = new SpreadHistogram();
    expect([histogram.count, histogram.min, histogram.max, histogram.quantile(0.5)]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ]);
    expect([...histogram.filled()]).toEqual([]);
  });

  test("at a base of 600 ms, a spread of 0.07 ms keeps three digits", () => {
    const next = random(1, "spread");
    const values = Array.from({ length: 20_000 }, () => 600 + 0.07 * next());
    expect(worstError(values)).toBeLessThan(0.002);
    expect((filled(values).aboveMin(10_000) ?? 0) * 1e6).toBeCloseTo(35, 0);
  });

  test("the distances keep three digits whatever the distribution and the base", () => {
    const next = random(2, "spread");
    const draws = {
      exponential: () => -Math.log1p(-next()),
      pareto: () => (1 - next()) ** (-1 / 1.5),
      rare: () => (next() < 0.02 ? 400 + next() : 0.05 * next()),
    };
    for (const draw of Object.values(draws))
      for (const base of [0, 5, 600, -3000, 2e9])
        expect(worstError(Array.from({ length: 5000 }, () => base + draw()))).toBeLessThan(base > 1e9 ? 0.01 : 0.002);
  });

  test("many small values after some large ones keep their digits", () => {
    const next = random(5, "spread");
    // The first of them is the least so far, but too near to the others for it to matter at that time.
    const large = [1, ...Array.from({ length: 100 }, () => 5 + next())];
    const small = Array.from({ length: 1400 }, () => 0.008 + 0.03 * next());
    expect(worstError([...large, ...small])).toBeLessThan(0.002);
  });

  test("values that fall while they come keep their digits", () => {
    const next = random(3, "spread");
    const falling = Array.from({ length: 20_000 }, (_, i) => 300 * Math.exp(-i / 2000) + 0.1 * next());
    expect(worstError(falling)).toBeLessThan(0.01);
    const drifting = Array.from({ length: 20_000 }, (_, i) => 50 - i * 0.001 + 0.1 * next());
    expect(worstError(drifting)).toBeLessThan(0.01);
  });

  test("a first value far above all others costs no precision", () => {
    const next = random(4, "spread");
    expect(worstError([5000, ...Array.from({ length: 5000 }, () => 1 + 0.01 * next())])).toBeLessThan(0.002);
  });

  test("signed times keep their sign: a clock that is 66 years behind, and one that is a little ahead", () => {
    const years = -66 * 365.25 * 86_400_000;
    const behind = filled([years + 1, years + 3, years + 2]);
    expect(behind.min).toBe((years + 1) / 1000);
    expect((behind.quantile(0.5) ?? 0) - (behind.min ?? 0)).toBeCloseTo(0.001, 5);
    const ahead = filled([-0.2, 0.3, -0.1, 0.1]);
    expect(ahead.quantile(0.5)).toBeCloseTo(-0.0001, 6);
    expect([ahead.min, ahead.max]).toEqual([-0.0002, 0.0003]);
  });

  test("a clock that steps by years within the run leaves both parts in place", () => {
    const years = 66 * 365.25 * 86_400_000;
    const histogram = filled([years, years + 1, years + 2, 5, 6, 7, 8]);
    expect(histogram.quantile(0.5)).toBeCloseTo(0.008, 3);
    expect((histogram.quantile(1) ?? 0) / ((years + 2) / 1000)).toBeCloseTo(1, 3);
    expect(histogram.max).toBe((years + 2) / 1000);
  });

  test("counts every value once, also after its reference has moved", () => {
    const histogram = filled([8, 9, 7, 3, 3, 12, 1, 20, 0.5]);
    const parts = [...histogram.filled()];
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(9);
    expect(parts.map(({ start }) => start)).toEqual(parts.map(({ start }) => start).toSorted((a, b) => a - b));
    expect(histogram.count).toBe(9);
    expect(histogram.aboveMin(1)).toBeCloseTo(0, 6);
    expect((histogram.atRank(9) ?? 0) / 0.02).toBeCloseTo(1, 3);
  });
});
