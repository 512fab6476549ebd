import { describe, expect, test } from "bun:test";
import { random } from "../../../../src/base/random.ts";
import { Histogram } from "../../../../src/load/measure/histograms/histogram.ts";

describe("Histogram", () => {
  test("an empty histogram has no values", () => {
    const histogram = new Histogram();
    expect([histogram.min, histogram.max, histogram.mean, histogram.quantile(0.5)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("the quantiles of 1 to 1,000 µs are exact", () => {
    const histogram = new Histogram();
    for (let micros = 1; micros <= 1000; micros++) histogram.record(micros / 1000);
    expect(histogram.count).toBe(1000);
    for (const [q, micros] of [
      [0, 1],
      [0.5, 500],
      [0.9, 900],
      [0.99, 990],
      [0.999, 999],
      [1, 1000],
    ] as const) {
      expect((histogram.quantile(q) ?? 0) * 1e6).toBeCloseTo(micros, micros < 2 ? 1 : -0.3);
    }
    expect(histogram.mean).toBeCloseTo(500.5e-6, 9);
    expect(histogram.deviation).toBeCloseTo(288.675e-6, 9);
    expect([histogram.min, histogram.max]).toEqual([1e-6, 1e-3]);
  });

  test("a value from 1 ns to half an hour has an error of at most a thousandth", () => {
    const draw = random(3, "test");
    for (let i = 0; i < 2000; i++) {
      const ms = 10 ** (draw() * 12 - 6);
      const histogram = new Histogram();
      // The values around it are the exact minimum and maximum, so that the median is read from its cell.
      for (const value of [ms / 10, ms, ms * 10]) histogram.record(value);
      const ratio = (histogram.quantile(0.5) ?? 0) / (ms / 1000);
      expect(Math.abs(ratio - 1)).toBeLessThan(ms < 0.001 ? 1 : 0.001);
    }
  });

  test("a value above the range is recorded as the largest one, a negative value as 0", () => {
    const histogram = new Histogram();
    histogram.record(1e12);
    histogram.record(-5);
    expect(histogram.max).toBeCloseTo(2199, 0);
    expect(histogram.min).toBe(0);
    expect(histogram.count).toBe(2);
  });

  test("toHdr has the same cells", () => {
    const histogram = new Histogram();
    const draw = random(9, "test");
    for (let i = 0; i < 5000; i++) histogram.record(-Math.log(draw()) * 3);
    const hdr = histogram.toHdr();
    expect(hdr.totalCount).toBe(5000);
    for (const percent of [1, 50, 90, 99, 99.9]) {
      const ours = (histogram.quantile(percent / 100) ?? 0) * 1e9;
      expect(Math.abs(hdr.getValueAtPercentile(percent) / ours - 1)).toBeLessThan(0.001);
    }
  });

  test("countsUpTo counts the values up to each bound", () => {
    const histogram = new Histogram();
    for (const ms of [0.5, 1.5, 2.5]) histogram.record(ms);
    expect(histogram.countsUpTo([0.0001, 0.001, 0.002, 1])).toEqual([0, 1, 2, 3]);
  });

  test("reset removes all values", () => {
    const histogram = new Histogram();
    histogram.record(1);
    histogram.reset();
    expect([histogram.count, histogram.sum, histogram.max]).toEqual([0, 0, undefined]);
    expect([...histogram.filled()]).toEqual([]);
  });
});
