import { describe, expect, test } from "bun:test";
import { autoregressive, type DelayPath, inOrder, pareto, UNIFORM } from "../../../../scripts/bench/paths.ts";
import { random } from "../../../../src/base/random.ts";
import { type DelayPrecision, estimateDelays } from "../../../../src/load/measure/delays/delay-intervals.ts";
import { DelaySeries } from "../../../../src/load/measure/delays/delay-series.ts";
import { Histogram } from "../../../../src/load/measure/histograms/histogram.ts";
import { quantileRanks } from "../../../../src/load/measure/statistics/estimates.ts";

/** The precision of simulated delays; `lost` of 1 are not answered. */
function precision(start: DelayPath["start"], packets: number, lost = 0): DelayPrecision {
  const next = start(random(1, "delay-intervals"));
  const fate = random(1, "fates");
  const series = new DelaySeries([0.5, 0.9, 0.99]);
  const steps = new Histogram();
  let before: number | undefined;
  for (let i = 0; i < packets; i++) {
    const delay = next();
    if (fate() < lost) series.recordMissing();
    else {
      series.record(delay);
      if (before !== undefined) steps.record(Math.abs(delay - before));
    }
    before = delay;
  }
  return estimateDelays(series, steps);
}

describe("estimateDelays", () => {
  test("of independent delays is about the interval of order statistics", () => {
    const { quantiles } = precision(UNIFORM.start, 20_000);
    [0.5, 0.9, 0.99].forEach((q, i) => {
      const ranks = quantileRanks(20_000, q) ?? { low: 0, high: 0 };
      const interval = quantiles[i]?.interval ?? { low: 0, high: 0 };
      const ratio = (interval.high - interval.low) / (((ranks.high - ranks.low) / 20_000) * 0.05);
      expect(ratio).toBeGreaterThan(0.7);
      expect(ratio).toBeLessThan(1.4);
    });
  });

  test("dependent delays have fewer effective packets and wider intervals", () => {
    const width = ({ mean }: DelayPrecision) => (mean.interval?.high ?? 0) - (mean.interval?.low ?? 0);
    const [independent, dependent] = [
      precision(autoregressive(0).start, 20_000),
      precision(autoregressive(0.9).start, 20_000),
    ];
    expect(width(dependent) / width(independent)).toBeGreaterThan(3);
    expect(dependent.effectivePackets).toBeLessThan(1300);
    expect(independent.effectivePackets).toBeGreaterThan(8000);
  });

  test("says why there is no interval", () => {
    const reasons = ({ quantiles, mean }: DelayPrecision) => [...quantiles, mean].map(({ unknown }) => unknown);
    expect(reasons(precision(UNIFORM.start, 8))).toEqual(["too few", "too few", "too few", "too few"]);
    expect(reasons(precision(UNIFORM.start, 400))).toEqual([undefined, undefined, "too few", undefined]);
    expect(reasons(precision(autoregressive(0.999).start, 5000))[0]).toBe("too dependent");
    expect(reasons(precision(autoregressive(0.9).start, 5000)).slice(0, 3)).toEqual([undefined, undefined, "too few"]);
    expect(reasons(precision(inOrder(1.5, 0.5).start, 5000))[0]).toBe("heavy-tailed");
    expect(reasons(precision(pareto(1.5).start, 5000))).toEqual([undefined, undefined, undefined, "heavy-tailed"]);
  });

  test("delays that do not vary have an interval without width", () => {
    const { quantiles, mean } = precision(() => () => 600, 1000);
    for (const { interval } of [...quantiles, mean]) expect(interval).toEqual({ low: 0.6, high: 0.6 });
  });

  test("quantiles are over all packets: among the unanswered they are infinite", () => {
    const { quantiles } = precision(UNIFORM.start, 20_000, 0.3);
    // 70 % are answered, so the median of all is the quantile 0.5 / 0.7 of the answered.
    expect(quantiles[0]?.interval?.low).toBeLessThan(0.05 * (0.5 / 0.7));
    expect(quantiles[0]?.interval?.high).toBeGreaterThan(0.05 * (0.5 / 0.7));
    expect(quantiles[1]?.interval).toEqual({ low: Number.POSITIVE_INFINITY, high: Number.POSITIVE_INFINITY });
  });

  test("a quantile at the edge of the unanswered has an interval that is open above", () => {
    const { quantiles } = precision(UNIFORM.start, 5000, 0.0995);
    expect(quantiles[1]?.interval?.low).toBeGreaterThan(0.045);
    expect(quantiles[1]?.interval?.high).toBe(Number.POSITIVE_INFINITY);
  });

  test("an empty series has no interval", () => {
    const { quantiles, mean } = estimateDelays(new DelaySeries([0.5]), new Histogram());
    expect([quantiles[0]?.interval, mean.interval]).toEqual([undefined, undefined]);
  });
});
