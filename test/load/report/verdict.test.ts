import { describe, expect, test } from "bun:test";
import { unattributed } from "../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { judge, type VerdictInput } from "../../../src/load/report/verdict.ts";

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
