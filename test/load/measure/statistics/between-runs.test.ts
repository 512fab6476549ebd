import { expect, test } from "bun:test";
import {
  meanDifference,
  meanInterval,
  pairedDifference,
  sampleOf,
} from "../../../../src/load/measure/statistics/between-runs.ts";

function sample(values: readonly number[]) {
  return sampleOf(values) ?? { count: 0, mean: 0, variance: 0 };
}

test("sampleOf gives the mean and the variance of runs", () => {
  expect(sampleOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ count: 8, mean: 5, variance: 32 / 7 });
  expect(sampleOf([3])).toEqual({ count: 1, mean: 3, variance: 0 });
  expect(sampleOf([])).toBeUndefined();
});

test("meanInterval is the t-interval of the mean", () => {
  // Mean 3, s² 2.5, t(4) 2.776: half of the width is 2.776 √0.5.
  const { low, high } = meanInterval(sample([1, 2, 3, 4, 5])) ?? { low: 0, high: 0 };
  expect(low).toBeCloseTo(3 - 1.963, 1);
  expect(high).toBeCloseTo(3 + 1.963, 1);
  expect(meanInterval(sample([1]))).toBeUndefined();
});

test("meanDifference is Welch's interval", () => {
  const difference = meanDifference(sample([1, 2, 3, 4, 5]), sample([2, 4, 6, 8, 10, 12]));
  // s² 2.5 and 14, squared errors 0.5 and 2.333.
  expect(difference?.value).toBeCloseTo(4, 12);
  expect(difference?.degrees).toBeCloseTo((0.5 + 14 / 6) ** 2 / (0.25 / 4 + (14 / 6) ** 2 / 5), 12);
  const half = ((difference?.high ?? 0) - (difference?.low ?? 0)) / 2;
  expect(half / Math.sqrt(0.5 + 14 / 6)).toBeCloseTo(2.36, 1);
});

test("a single run varies as the runs of the other side do", () => {
  // The interval of one further value of the five: 3 ± 2.776 √(2.5 (1 + 1/5)).
  for (const [before, after, sign] of [
    [[1, 2, 3, 4, 5], [3], 1],
    [[3], [1, 2, 3, 4, 5], -1],
  ] as const) {
    const difference = meanDifference(sample(before), sample(after));
    expect(difference?.degrees).toBe(4);
    expect((difference?.high ?? 0) * sign).toBeCloseTo(sign * 4.808, 1);
  }
  expect(meanDifference(sample([1]), sample([2]))).toBeUndefined();
});

test("runs without variation have the least variance that is given", () => {
  const [before, after] = [sample([1, 1]), sample([2, 2])];
  expect(meanDifference(before, after)).toEqual({ value: 1, low: 1, high: 1, degrees: 1 });
  const difference = meanDifference(before, after, 0.5);
  expect(difference?.degrees).toBe(2);
  expect(difference?.low).toBeCloseTo(1 - 4.303 * Math.sqrt(0.5), 2);
});

test("pairedDifference excludes what changed from pair to pair", () => {
  // Differences 1, 2, 3: mean 2, s 1, t(2) 4.303.
  const difference = pairedDifference([
    [10, 11],
    [100, 102],
    [1000, 1003],
  ]);
  expect(difference).toMatchObject({ value: 2, degrees: 2 });
  expect(difference?.low).toBeCloseTo(2 - 4.303 / Math.sqrt(3), 2);
  expect(pairedDifference([[1, 2]])).toBeUndefined();
  expect(pairedDifference([])).toBeUndefined();
});
