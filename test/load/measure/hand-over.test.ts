import { expect, test } from "bun:test";
import { HandOver } from "../../../src/load/measure/hand-over.ts";

/** A schedule with the packets `[intendedAt, at]`. */
function handOver(packets: readonly (readonly [intendedAt: number, at: number])[], dueFrom?: number): HandOver {
  const result = new HandOver();
  result.start();
  if (dueFrom !== undefined) result.dueFrom(dueFrom);
  for (const [intendedAt, at] of packets) result.record(intendedAt, at);
  return result;
}

test("the error is the time from the intended send time to the hand-over", () => {
  const { error } = handOver([
    [10, 10.5],
    [20, 23],
  ]);
  expect([error.count, error.min, error.max]).toEqual([2, 0.0005, 0.003]);
});

test("packets are bunched that were due when the one before was handed over", () => {
  const { bunched, largestBurst } = handOver([
    [1, 1.1],
    [2, 5], // a stall
    [3, 5.1],
    [4, 5.2],
    [6, 6.1],
    [7, 8.1],
    [8, 8.2],
  ]);
  expect({ bunched, largestBurst }).toEqual({ bunched: 3, largestBurst: 3 });
});

test("packets that waited for capacity are due when there is some", () => {
  const { error } = handOver(
    [
      [10, 30.5],
      [31, 31.25],
    ],
    30,
  );
  expect([error.min, error.max]).toEqual([0.00025, 0.0005]);
});

test("without a schedule nothing is recorded", () => {
  const result = new HandOver();
  result.record(10, 20);
  expect([result.error.count, result.bunched, result.largestBurst]).toEqual([0, 0, 0]);
});
