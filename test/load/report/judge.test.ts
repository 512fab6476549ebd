import { describe, expect, test } from "bun:test";
import { unattributed } from "../../../src/load/measure/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { parseObjective } from "../../../src/load/plan/objectives.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { judge, judgeObjective, type VerdictInput, withObjectives } from "../../../src/load/report/judge.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { reportOf } from "../support/reports.ts";

function judged(text: string, report: RunReport) {
  return judgeObjective(parseObjective(text), report);
}

describe("judgeObjective", () => {
  test("decides by the limit of the confidence interval that is nearer to missing the objective", () => {
    const report = reportOf(1000, 10, 10);
    const { p50 } = report.responseTime;
    const [low, high] = report.responseTime.intervals.p50 ?? [0, 0];
    expect(low).toBeLessThan(high);
    expect(judged(`p50<${high * 1001}ms`, report)).toMatchObject({ met: true, value: p50, edge: high });
    const between = ((p50 ?? 0) + high) / 2;
    expect(judged(`p50<${between * 1000}ms`, report)).toMatchObject({
      met: false,
      note: expect.stringContaining("a longer run"),
    });
    expect(judged(`p50>${low * 999}ms`, report)).toMatchObject({ met: true, edge: low });
  });

  test("judges shares and rates", () => {
    const report = reportOf(1000, 10, 10);
    expect(judged("loss<3%", report)).toMatchObject({ met: true, value: 0.01 });
    expect(judged("loss<1.1%", report)).toMatchObject({ met: false, value: 0.01 });
    expect(judged("loss<0.5%", report).note).toBe(undefined);
    expect(judged("rate>=100", report)).toEqual({ text: "rate>=100", met: true, value: 100, edge: 100 });
    expect(judged("errors<=0.1", report)).toMatchObject({ met: true, value: 0 });
  });

  test("does not meet an objective on a percentile with too few samples", () => {
    const report = reportOf(1000, 10, 10);
    expect(judged("p999<1h", report)).toMatchObject({ met: false, value: null, edge: null });
    expect(judged("p99.9<1h", report).note).toBe("cannot be judged: p999 needs 3688 answers, there are 990");
  });
});

test("an objective that cannot be judged makes the report invalid", () => {
  const report = withObjectives(reportOf(1000, 0, 10), ["p50<1h", "p999<1h"].map(parseObjective));
  expect(report.objectives.map(({ met }) => met)).toEqual([true, false]);
  expect(report.verdict).toEqual({
    valid: false,
    reasons: ["objective p999<1h cannot be judged: p999 needs 3688 answers, there are 1000"],
  });
});

describe("judge", () => {
  /** A run of 1,000 answered packets of 1 ms each, sent in time. */
  function input(change: Partial<VerdictInput> = {}): VerdictInput {
    const recorder = new Recorder();
    Object.assign(recorder.counts, { planned: 1000, sent: 1000, answered: 1000 });
    for (let packet = 0; packet < 1000; packet++) {
      recorder.recordTimes(1, 1);
      recorder.scheduleError.record(0.1);
    }
    const plan = planRun({ protocol: "udp", seed: 1 });
    return { plan, recorder, directions: unattributed(recorder), failures: [], bufferDrops: 0, ...change };
  }

  test("a run without problems is valid", () => {
    expect(judge(input())).toEqual({ valid: true, reasons: [] });
    expect(judge(input({ bufferDrops: undefined })).valid).toBe(true);
  });

  test("a schedule error above 1 ms and above a tenth of the response time is a reason", () => {
    const { recorder } = input();
    for (let packet = 0; packet < 100; packet++) recorder.scheduleError.record(5);
    expect(judge(input({ recorder })).reasons[0]).toStartWith("the sender was late by 5.0 ms or more");
    for (let packet = 0; packet < 100_000; packet++) recorder.recordTimes(100, 100);
    expect(judge(input({ recorder })).valid).toBe(true);
  });

  test("packets that were not sent, dropped answers and packets held by the lab are reasons", () => {
    const { recorder, directions } = input();
    recorder.counts.unsent = 3;
    const { valid, reasons } = judge(
      input({ recorder, bufferDrops: 4, directions: { ...directions, heldByLab: 5 }, failures: ["first"] }),
    );
    expect(valid).toBe(false);
    expect(reasons.map((reason) => reason.split(";")[0])).toEqual([
      "first",
      "3 packets were not sent because no connection was free within the timeout",
      "the kernel dropped 4 answers because this run's receive buffer was full, and they count as lost",
      "the lab still held 5 packets at the end of the run",
    ]);
  });

  test("too few answers for a percentile are a reason, with the flag that ends the run", () => {
    const recorder = new Recorder();
    recorder.counts.sent = 5;
    for (let packet = 0; packet < 5; packet++) recorder.recordTimes(1, 1);
    expect(judge(input({ recorder })).reasons).toEqual([
      "5 answers are too few for any percentile, which needs 6; raise --duration",
    ]);
    const plan = planRun({ protocol: "udp", seed: 1, count: 5 });
    expect(judge(input({ recorder, plan })).reasons[0]).toEndWith("raise --count");
  });
});
