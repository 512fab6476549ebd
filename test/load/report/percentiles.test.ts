/** The percentiles of `--percentiles`, and those that every report has. */
import { expect, test } from "bun:test";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { shownPercentiles } from "../../../src/load/report/percentiles.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { renderReport } from "../../../src/load/report/text/text.ts";
import { recorderOf, reportOn } from "../support/reports.ts";

/** A run whose answers take 1 to 190 ms, and which loses 10 packets. */
function report(percentiles?: readonly number[]): RunReport {
  const times = Array.from({ length: 200 }, (_, index) => (index < 190 ? index + 1 : undefined));
  const recorder = recorderOf(times);
  recorder.counts.planned = recorder.counts.sent = 200;
  recorder.counts.answered = 190;
  recorder.counts.lost = 10;
  const options = percentiles === undefined ? {} : { percentiles };
  return reportOn(recorder, { plan: planRun({ protocol: "udp", seed: 1, ...options }) });
}

test("p95 is in every report", () => {
  const { responseTime } = report();
  expect(responseTime.p95).toBeCloseTo(0.19, 3);
  expect(shownPercentiles(responseTime).map(({ label }) => label)).toEqual(["p50", "p90", "p95", "p99", "p99.9"]);
  expect(responseTime.percentiles).toBe(undefined);
});

test("--percentiles selects those of the text, and the JSON report has them in addition", () => {
  const { responseTime, plan } = report([99, 25, 100, 50, 97.5, 99.99, 50]);
  expect(plan?.percentiles).toEqual([25, 50, 97.5, 99, 99.99, 100]);
  expect(responseTime.p90).toBeCloseTo(0.18, 3);
  const [p25, p50, ...others] = responseTime.percentiles ?? [];
  expect(p25?.value).toBeCloseTo(0.05, 4); // rank 50 of 200
  expect(p50).toEqual({ percent: 50, value: responseTime.p50 });
  expect(others).toEqual([
    { percent: 97.5, value: null, over: 2 }, // rank 195 of 200, of which 190 are answered
    { percent: 99, value: null }, // needs 368 packets
    { percent: 99.99, value: null },
    { percent: 100, value: null, over: 2 },
  ]);
});

test("the 100th percentile is the maximum if every packet was answered", () => {
  const recorder = recorderOf([3, 1, 2]);
  recorder.counts.sent = 3;
  const plan = planRun({ protocol: "udp", percentiles: [100] });
  expect(reportOn(recorder, { plan }).responseTime.percentiles).toEqual([{ percent: 100, value: 0.003 }]);
});

test("the text has a column for each selected percentile and no other", () => {
  const text = renderReport([report([75, 95, 97.5])]);
  expect(text).toMatch(
    /^ +min +mean +p75 +p95 +p97\.5 +max\nresponse +1 ms +95\.5 ms +150 ms +190 ms +> 2 s +190 ms\n/m,
  );
});

test.each([
  [[0], "--percentiles 0: expected more than 0, up to 100"],
  [[50, 100.1], "--percentiles 100.1: expected more than 0, up to 100"],
  [[Number.NaN], "--percentiles NaN: expected more than 0, up to 100"],
  [[], "expected 1 to 20 percentiles"],
  [Array.from({ length: 21 }, (_, index) => index + 1), "expected 1 to 20 percentiles"],
])("%p is refused", (percentiles, message) => {
  expect(() => planRun({ protocol: "udp", percentiles })).toThrow(message);
});
