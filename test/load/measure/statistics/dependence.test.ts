import { describe, expect, test } from "bun:test";
import { autoregressive, UNIFORM } from "../../../../scripts/bench/paths.ts";
import { random } from "../../../../src/base/random.ts";
import { degreesFor, independentBatches, longRunVariance } from "../../../../src/load/measure/statistics/dependence.ts";

/** The average over 1,000 series of 100 values. */
function average(path: typeof UNIFORM, of: (values: Float64Array) => number): number {
  let sum = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const next = path.start(random(seed, "dependence"));
    sum += of(Float64Array.from({ length: 100 }, next)) / 1000;
  }
  return sum;
}

describe("longRunVariance", () => {
  test("of independent values is their variance", () => {
    // Uniform from 0 to 50: 50² / 12.
    expect(average(UNIFORM, (values) => longRunVariance(values, 20)) / (2500 / 12)).toBeCloseTo(1, 1);
  });

  test("of an autoregressive series is its variance times (1 + r)/(1 - r)", () => {
    expect(average(autoregressive(0.5), (values) => longRunVariance(values, 4)) / 3).toBeCloseTo(1, 1);
  });
});

describe("independentBatches", () => {
  test("are all of independent values, and fewer by (1 - r)/(1 + r) of dependent ones", () => {
    expect(average(UNIFORM, (values) => independentBatches(values))).toBeGreaterThan(85);
    const dependent = average(autoregressive(0.5), (values) => independentBatches(values));
    expect(dependent).toBeGreaterThan(28);
    expect(dependent).toBeLessThan(40);
  });

  test("known noise does not hide the dependence beneath it", () => {
    const noise = random(7, "noise");
    const values = Float64Array.from({ length: 100 }, (_, i) => Math.sin(i / 15) + 4 * (noise() - 0.5));
    expect(independentBatches(values)).toBeGreaterThan(30);
    expect(independentBatches(values, 16 / 12)).toBeLessThan(10);
  });
});

test("degreesFor gives none where the batches are too dependent", () => {
  expect([degreesFor(15), degreesFor(16), degreesFor(1000)]).toEqual([0, 4, 24]);
});
