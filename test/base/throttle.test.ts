import { expect, test } from "bun:test";
import { throttle } from "../../src/base/throttle.ts";

/** A throttled function that advances a fake clock by `costMs` at each call and returns the number of calls. */
function setUp(costMs: number) {
  const time = { now: 0, calls: 0 };
  const read = throttle(
    () => {
      time.now += costMs;
      return ++time.calls;
    },
    { now: () => time.now },
  );
  return { time, read };
}

test("throttle calls a cheap function at most twice a second", () => {
  const { time, read } = setUp(0);
  expect([read(), read()]).toEqual([1, 1]);
  time.now = 499;
  expect(read()).toBe(1);
  time.now = 500;
  expect(read()).toBe(2);
});

test("throttle calls an expensive function for at most 0.5 % of the time", () => {
  const { time, read } = setUp(20);
  expect(read()).toBe(1);
  time.now = 3999;
  expect(read()).toBe(1);
  time.now = 4000;
  expect(read()).toBe(2);
});
