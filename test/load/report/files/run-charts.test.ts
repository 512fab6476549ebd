import { expect, test } from "bun:test";
import { Histogram } from "../../../../src/load/measure/histograms/histogram.ts";
import { chartsOf } from "../../../../src/load/report/files/run-charts.ts";
import type { RunReport } from "../../../../src/load/report/report.ts";
import { EMPTY_SNAPSHOT, reportOf } from "../../support/reports.ts";

/** 1,000 response times of 1 to 1,000 ms, and ten intervals with 100 packets each, of which 10 are lost from the third. */
function run(report: RunReport) {
  const response = new Histogram();
  for (let ms = 1; ms <= 1000; ms++) response.record(ms);
  const timeline = Array.from({ length: 10 }, (_, index) => ({
    ...EMPTY_SNAPSHOT,
    protocol: report.protocol,
    seconds: index + 1,
    sent: 100 * (index + 1),
    lost: Math.max(0, index - 1) * 10,
    p50: index === 4 ? null : 0.5,
  }));
  return { report, response, service: response, timeline, timeoutSeconds: 2 };
}

const udp = reportOf(1000, 80, 1);

test("the percentile chart ends at the last percentile with enough samples", () => {
  const [chart] = chartsOf(run(udp));
  const last = chart?.series[0]?.points.at(-1);
  expect(last?.[0]).toBeCloseTo(-Math.log10(1 - 0.995), 9); // 99.9 % needs more samples
  expect(last?.[1]).toBeCloseTo(0.995, 2);
  expect(chart?.xTicks?.map(({ label }) => label)).toEqual(["0", "50", "90", "99"]);
});

test("the chart over time has gaps at intervals without a value, and marks at percentiles over the timeout", () => {
  const completed = run(udp);
  const timeline = completed.timeline.map((one, at) => (at === 6 ? { ...one, p50: null, over: { p50: 2 } } : one));
  const [, chart] = chartsOf({ ...completed, timeline });
  const half = 0.5;
  expect(chart?.series[0]?.points.map(([, value]) => value)).toEqual([
    ...[half, half, half, half, null, half, Number.POSITIVE_INFINITY, half, half, half],
  ]);
  expect(chart?.infinite).toBe("over the timeout of 2 s");
});

test("the percentile chart of a run with unanswered packets ends where they begin, with a mark", () => {
  const report = reportOf(2500, 1500, 1);
  const [chart] = chartsOf(run(report)); // 1,000 answers
  const points = chart?.series[0]?.points ?? [];
  expect(points.at(-2)?.[0]).toBeCloseTo(-Math.log10(1 - 0.4), 9);
  expect(points.at(-2)?.[1]).toBeCloseTo(1, 2); // the maximum
  expect(points.at(-1)?.[1]).toBe(Number.POSITIVE_INFINITY);
  expect(chart?.xTicks?.map(({ label }) => label)).toEqual(["0", "40"]);
});

test("the bars of the histogram contain every packet", () => {
  const [, , chart] = chartsOf(run(udp));
  expect(chart?.series[0]?.points.reduce((sum, [, count]) => sum + (count ?? 0), 0)).toBe(1000);
});

test("losses are drawn at the send time, one timeout before they are known", () => {
  const chart = chartsOf(run(udp))[3];
  expect(chart?.series[0]?.points).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((seconds) => [seconds, 0.1]));
});

test("losses that the target reports are drawn when they are known", () => {
  const chart = chartsOf(run({ ...udp, protocol: "http" }))[3];
  expect(chart?.series[0]?.points.map(([, share]) => share)).toEqual([0, 0, ...Array(8).fill(0.1)]);
});
