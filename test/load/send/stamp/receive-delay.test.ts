import { describe, expect, test } from "bun:test";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { ReceiveDelay } from "../../../../src/load/send/stamp/receive-delay.ts";

/** The delays, ms, of datagrams that were read in one turn at 1,100 ms, the last of which arrived at `arrivedAt`. */
function delays(arrivedAt: number | undefined, departures: readonly number[], polledAt: number): number[] {
  const recorder = new Recorder();
  const receiveDelay = new ReceiveDelay(0, (now) => (arrivedAt === undefined ? undefined : now - arrivedAt));
  for (const departedAt of departures) receiveDelay.add(1100, departedAt, polledAt);
  receiveDelay.endTurn(recorder);
  expect(recorder.receiveDelay.count).toBe(departures.length);
  const ranks = departures.map((_, index) => recorder.receiveDelay.atRank(index + 1) ?? 0);
  return ranks.map((seconds) => Number((seconds * 1000).toPrecision(2)));
}

describe("ReceiveDelay", () => {
  test("a single datagram has the delay since the kernel received it", () => {
    expect(delays(1097, [5], 1050)).toEqual([3]);
  });

  test("datagrams that are read together waited longer by the time that they left the target earlier", () => {
    expect(delays(1099, [10, 20, 30], 1050)).toEqual([1, 11, 21]);
  });

  test("no datagram waited since before the event loop ran last", () => {
    expect(delays(1099, [10, 20, 30], 1088)).toEqual([1, 11, 12]);
    // The wall clock was set by an hour.
    expect(delays(1100 - 3_600_000, [10], 1095)).toEqual([5]);
    expect(delays(1100 + 3_600_000, [10], 1095)).toEqual([0]);
  });

  test("without the kernel's time the last datagram counts as read at once", () => {
    expect(delays(undefined, [10, 14], 1050)).toEqual([0, 4]);
  });

  test("a turn ends with all its datagrams, and at most 1,024 are recorded", () => {
    const recorder = new Recorder();
    const receiveDelay = new ReceiveDelay(0, () => undefined);
    for (let datagram = 0; datagram < 2000; datagram++) receiveDelay.add(100, 0, 0);
    receiveDelay.endTurn(recorder);
    receiveDelay.endTurn(recorder);
    expect(recorder.receiveDelay.count).toBe(1024);
  });
});
