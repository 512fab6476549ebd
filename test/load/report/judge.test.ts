import { describe, expect, test } from "bun:test";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { parseObjective } from "../../../src/load/plan/objectives.ts";
import { judgeObjective, withObjectives } from "../../../src/load/report/judge.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { reportOf, reportOn } from "../support/reports.ts";

function judged(text: string, report: RunReport) {
  return judgeObjective(parseObjective(text), report);
}

describe("judgeObjective", () => {
  test("decides by the limit of the confidence interval that is nearer to missing the objective", () => {
    const report = reportOf(1000, 10, 10);
    const { p50 } = report.responseTime;
    const [low, high] = report.responseTime.intervals.p50 ?? [0, 0];
    const limit = high ?? 0;
    expect(low).toBeLessThan(limit);
    expect(judged(`p50<${limit * 1001}ms`, report)).toMatchObject({ met: true, value: p50, edge: limit });
    const between = ((p50 ?? 0) + limit) / 2;
    expect(judged(`p50<${between * 1000}ms`, report)).toMatchObject({
      met: false,
      note: expect.stringContaining("a longer run"),
    });
    expect(judged(`p50>${low * 999}ms`, report)).toMatchObject({ met: true, edge: low });
  });

  test("judges the mean jitter of the run, not the last value", () => {
    const recorder = new Recorder();
    for (let packet = 0; packet < 1000; packet++) recorder.updateJitter(packet < 900 ? 10 : 0);
    const report = reportOn(recorder);
    expect(report.jitter.rfc3550).toBeLessThan(0.00002);
    expect(judged("jitter<5ms", report)).toMatchObject({ met: false, value: 0.009 });
    expect(judged("jitter<10ms", report)).toMatchObject({ met: true });
  });

  test("judges shares and rates", () => {
    const report = reportOf(1000, 10, 10);
    expect(judged("loss<3%", report)).toMatchObject({ met: true, value: 0.01, edge: report.loss.high });
    expect(judged("loss<1.1%", report)).toMatchObject({ met: false, value: 0.01 });
    expect(judged("loss<0.5%", report).note).toBe(undefined);
    expect(judged("rate>=100", report)).toEqual({ text: "rate>=100", met: true, value: 100, edge: 100 });
  });

  test("judges a loss without an interval by its rough limits, and says so", () => {
    const report = reportOf(1000, 3, 10);
    const { limits, reason } = report.loss;
    expect([limits?.low, reason]).toEqual([0, "too few bursts"]);
    expect(judged("loss<5%", report)).toEqual({
      text: "loss<5%",
      met: true,
      value: 0.003,
      edge: limits?.high ?? null,
      note: "judged by rough limits: no 95 % interval (too few bursts)",
    });
    expect(judged("loss<0.5%", report)).toMatchObject({
      met: false,
      note: "the value meets the objective, its rough limits do not: no 95 % interval (too few bursts); a longer run narrows them",
    });
    expect(judged("loss<0.2%", report)).toMatchObject({ met: false, edge: limits?.high ?? null });
  });

  test("judges a value without an interval and limits by itself, and says so", () => {
    expect(judged("errors<=10%", reportOf(1000, 3, 10))).toMatchObject({
      met: true,
      value: 0,
      edge: 0,
      note: "judged by the value alone: no 95 % interval (not estimated)",
    });
  });

  test("judges a run without losses by the limit for independent losses", () => {
    const report = reportOf(1000, 0, 10);
    expect(judged("loss<1%", report)).toMatchObject({
      met: true,
      value: 0,
      edge: 1 - 0.05 ** (1 / 1000),
      note: "the limit assumes that losses are independent",
    });
    expect(judged("loss<0.1%", report)).toMatchObject({ met: false, note: expect.stringContaining("a longer run") });
  });

  test("does not meet an objective on a percentile with too few packets", () => {
    const report = reportOf(1000, 10, 10);
    expect(judged("p999<1h", report)).toMatchObject({ met: false, value: null, edge: null });
    expect(judged("p99.9<1h", report).note).toBe("cannot be judged: p999 needs 3688 packets, there are 1000");
  });

  test("does not meet an upper bound on a percentile over the timeout, and does not call the run invalid for it", () => {
    const report = withObjectives(reportOf(1000, 600, 10), ["p50<50ms", "p99<1h", "p50>100ms"].map(parseObjective));
    expect(report.objectives.map(({ met, value, edge, over }) => [met, value, edge, over])).toEqual([
      [false, null, null, 2],
      [false, null, null, 2],
      [true, null, null, 2],
    ]);
    expect(report.objectives[0]?.note).toBe("over the timeout: 600 of 1000 packets have no valid answer within it");
    expect(report.verdict).toEqual({ valid: true, interrupted: false, reasons: [] });
  });

  test("does not meet an upper bound if the interval of the percentile reaches over the timeout", () => {
    const report = reportOf(1000, 490, 10);
    expect(report.responseTime.p50).toBeGreaterThan(0);
    expect(report.responseTime.intervals.p50?.[1]).toBe(null);
    expect(judged("p50<1h", report)).toMatchObject({ met: false, value: report.responseTime.p50, edge: null });
  });
});

test("an objective that cannot be judged makes the report invalid", () => {
  const report = withObjectives(reportOf(1000, 0, 10), ["p50<1h", "p999<1h"].map(parseObjective));
  expect(report.objectives.map(({ met }) => met)).toEqual([true, false]);
  expect(report.objectives.map(({ runValid }) => runValid)).toEqual([false, false]);
  expect(report.verdict).toEqual({
    valid: false,
    interrupted: false,
    reasons: ["objective p999<1h cannot be judged: p999 needs 3688 packets, there are 1000"],
  });
});
