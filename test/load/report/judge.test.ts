import { describe, expect, test } from "bun:test";
import { unattributed } from "../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { parseObjective } from "../../../src/load/plan/objectives.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { judge, judgeObjective, type VerdictInput, withObjectives } from "../../../src/load/report/judge.ts";
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
    const run = { plan, recorder, ended: "completed", seconds: 10, failures: [], bufferDrops: 0 } as const;
    return { ...run, directions: unattributed(recorder), ...change };
  }

  test("a run without problems is valid", () => {
    expect(judge(input())).toEqual({ valid: true, interrupted: false, reasons: [] });
    expect(judge(input({ bufferDrops: undefined })).valid).toBe(true);
  });

  test("a run that ended before its plan is not valid; a run without an end of its own is", () => {
    expect(judge(input({ ended: "interrupted", seconds: 1.2 })).reasons).toEqual([
      "the run was interrupted after 1.2 s of 10 s; the numbers are those of the 1,000 packets sent",
    ]);
    const counted = planRun({ protocol: "udp", seed: 1, count: 2000 });
    expect(judge(input({ ended: "gave-up", seconds: 1.2, plan: counted })).reasons).toEqual([
      "the run gave up after 1.2 s of 2,000 packets, because every packet was refused",
    ]);
    const endless = planRun({ protocol: "udp", seed: 1, duration: Number.POSITIVE_INFINITY });
    expect(judge(input({ ended: "interrupted", plan: endless }))).toEqual({
      valid: true,
      interrupted: true,
      reasons: [],
    });
  });

  test("packets that the sender did not reach are a reason of their own", () => {
    const { recorder } = input();
    Object.assign(recorder.counts, { planned: 1007, unsent: 7, unreached: 5 });
    const { reasons } = judge(input({ recorder }));
    expect(reasons[0]).toStartWith("5 packets were not sent by the end of the run, because the sender could not reach");
    expect(reasons[1]).toStartWith("2 packets were not sent because no connection was free in time");
  });

  test("delays of the generator that falsify a percentile are one line: what they did, what is allowed, the remedy", () => {
    const { recorder } = input();
    for (let packet = 0; packet < 100; packet++) {
      recorder.scheduleError.record(5);
      recorder.receiveDelay.record(2);
      recorder.recordTimes(8, 3, 5);
      recorder.recordUndelayed(2);
    }
    Object.assign(recorder.counts, { planned: 1100, sent: 1100, answered: 1100 });
    expect(judge(input({ recorder })).reasons).toEqual([
      "7 ms of the 8 ms of p95 are delays of this load generator (p99 of sending late 5 ms, of reading late 2 ms); allowed are 1 ms, or down to 8 ms, where its interval ends; lower --rate, or free a processor core for it",
    ]);
    for (let packet = 0; packet < 100_000; packet++) recorder.recordTimes(100, 100);
    recorder.counts.sent = recorder.counts.answered = recorder.counts.planned = 101_100;
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
      "3 packets were not sent because no connection was free in time",
      "the kernel dropped 4 answers because this run's receive buffer was full, and they count as lost",
      "the lab still held 5 packets at the end of the run",
    ]);
  });

  test("one packet and one answer are in the singular", () => {
    const { recorder, directions } = input();
    recorder.counts.unsent = 1;
    recorder.counts.refused = 1200;
    const { reasons } = judge(input({ recorder, bufferDrops: 1, directions: { ...directions, heldByLab: 1 } }));
    expect(reasons.map((reason) => reason.split(";")[0])).toEqual([
      "1 packet was not sent because no connection was free in time",
      "1,200 packets were refused by the kernel of this machine and not sent",
      "the kernel dropped 1 answer because this run's receive buffer was full, and it counts as lost",
      "the lab still held 1 packet at the end of the run",
    ]);
  });

  test("too few packets for a percentile are a reason, with the flag that ends the run", () => {
    const recorder = new Recorder();
    recorder.counts.sent = 5;
    for (let packet = 0; packet < 5; packet++) recorder.recordTimes(1, 1);
    expect(judge(input({ recorder })).reasons).toEqual([
      "5 packets are too few for any percentile, which needs 6; raise --duration",
    ]);
    const plan = planRun({ protocol: "udp", seed: 1, count: 5 });
    expect(judge(input({ recorder, plan })).reasons[0]).toEndWith("raise --count");
  });
});
