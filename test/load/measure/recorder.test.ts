import { describe, expect, test } from "bun:test";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { reportOn } from "../support/reports.ts";

describe("checkpoints", () => {
  test("count the losses among the packets sent up to their time", () => {
    const recorder = new Recorder();
    recorder.countLost(10);
    const checkpoint = recorder.openCheckpoint(100);
    for (const sentAt of [90, 100, 101]) recorder.countLost(sentAt);
    recorder.revertLost(90);
    expect([checkpoint.lost, recorder.counts.lost]).toEqual([2, 3]);
    recorder.closeCheckpoint(checkpoint);
    recorder.countLost(90);
    expect([checkpoint.lost, recorder.counts.lost]).toEqual([2, 4]);
  });
});

test("the clock offset is that of the exchange with the shortest round trip", () => {
  const recorder = new Recorder();
  expect(recorder.oneWay.target.offset).toBe(undefined);
  // The target's clock is 1,000 ms ahead; the first exchange took 30 ms upstream, the second one 2 ms each way.
  recorder.recordExchange(0, 1030, 1031, 33);
  recorder.recordExchange(100, 1102, 1103, 105);
  recorder.recordExchange(200, 1202, 1203, 255);
  const { seconds, error } = recorder.oneWay.target.offset ?? {};
  expect(seconds).toBe(1);
  expect(error).toBeCloseTo(0.002, 5);
  expect(recorder.server.max).toBeCloseTo(0.001, 6);
});

test("errors are counted by code, beyond 50 codes together", () => {
  const recorder = new Recorder();
  for (let code = 0; code < 60; code++) recorder.countError(`E${code}`);
  recorder.countError("E7");
  expect([recorder.errors.get("E7"), recorder.errors.get("other"), recorder.errors.size]).toEqual([2, 10, 51]);
});

test("unidentified answers are resolved to as many lost packets", () => {
  const recorder = new Recorder();
  Object.assign(recorder.counts, { sent: 10, answered: 5, lost: 5, unidentified: 3 });
  recorder.resolveUnidentified();
  expect(recorder.counts).toMatchObject({ lost: 2, corrupt: 3, unidentified: 0 });
  Object.assign(recorder.counts, { unidentified: 4 });
  recorder.resolveUnidentified();
  expect(recorder.counts).toMatchObject({ lost: 0, corrupt: 5, unidentified: 2 });
  expect(recorder.pending).toBe(0);
});

test("the delay variation over the minimum keeps its digits at 600 ms (RFC 5481)", () => {
  const recorder = new Recorder();
  for (let packet = 0; packet < 1000; packet++) {
    const time = 600 + (packet % 10 === 0 ? 0 : 0.07);
    recorder.recordTimes(time, time);
  }
  const { pdv } = reportOn(recorder).jitter;
  expect((pdv.p50 ?? 0) * 1e6).toBeCloseTo(70, 0);
  expect((pdv.p99 ?? 0) * 1e6).toBeCloseTo(70, 0);
});
