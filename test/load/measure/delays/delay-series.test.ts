import { describe, expect, test } from "bun:test";
import { autoregressive } from "../../../../scripts/bench/paths.ts";
import { random } from "../../../../src/base/random.ts";
import { DelaySeries } from "../../../../src/load/measure/delays/delay-series.ts";

/** Delays of an autoregressive path, in ms. */
function delays(count: number): number[] {
  const next = autoregressive(0.8).start(random(1, "delay-series"));
  return Array.from({ length: count }, next);
}

function recorded(values: readonly number[]): DelaySeries {
  const series = new DelaySeries([0.5, 0.9]);
  for (const ms of values) series.record(ms);
  return series;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("DelaySeries", () => {
  test("mean, deviation and autocorrelation are those of the delays", () => {
    const values = delays(20_000);
    const series = recorded(values);
    const middle = mean(values);
    const variance = mean(values.map((value) => (value - middle) ** 2));
    const lagged = mean(values.slice(1).map((value, i) => (value - middle) * ((values[i] ?? 0) - middle)));
    expect(series.mean).toBeCloseTo(middle / 1000, 12);
    expect(series.deviation).toBeCloseTo(Math.sqrt(variance) / 1000, 10);
    expect(series.autocorrelation).toBeCloseTo(lagged / variance, 3);
    expect(series.values.count).toBe(20_000);
  });

  test("an empty series has none of them", () => {
    const series = recorded([]);
    expect([series.packets, series.mean, series.deviation, series.autocorrelation]).toEqual([
      0,
      undefined,
      undefined,
      0,
    ]);
  });

  test("delays that do not vary have no autocorrelation", () => {
    expect(recorded(Array.from({ length: 100 }, () => 7)).autocorrelation).toBe(0);
  });

  for (const count of [1000, 4096, 20_000])
    test(`of ${count} delays, the batches hold the shares below the first delays' quantiles`, () => {
      const values = delays(count);
      const sorted = values.slice(0, 4096).toSorted((a, b) => a - b);
      const { size, below } = recorded(values).batchMeans();
      [0.5, 0.9].forEach((q, i) => {
        const level = sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
        const shares = below[i] ?? new Float64Array();
        expect(shares.length).toBe(Math.floor(count / size));
        shares.forEach((share, row) => {
          const batch = values.slice(row * size, (row + 1) * size);
          const exact = batch.filter((value) => value <= level).length / size;
          expect(Math.abs(share - exact)).toBeLessThan(2 / size);
        });
      });
    });

  test("deviations are those of the batch means from the mean, in s", () => {
    const values = delays(5000);
    const { size, deviations } = recorded(values).batchMeans();
    const expected = (mean(values.slice(3 * size, 4 * size)) - mean(values)) / 1000;
    expect(deviations[3]).toBeCloseTo(expected, 10);
  });

  test("packets without an answer count as packets and are below no level", () => {
    const series = new DelaySeries([0.5, 0.9]);
    for (let i = 0; i < 100; i++) {
      if (i % 5 === 0) series.recordMissing();
      else series.record(10 + i / 100);
    }
    expect([series.packets, series.values.count]).toEqual([100, 80]);
    const { below, size } = series.batchMeans();
    expect(size).toBe(1);
    // The 0.9 quantile is beyond the answered packets: its share is that of the answered ones.
    expect([...(below[1] ?? [])].slice(0, 6)).toEqual([0, 1, 1, 1, 1, 0]);
  });
});
