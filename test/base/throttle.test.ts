import { expect, test } from "bun:test";
import { throttle } from "../../src/base/throttle.ts";

/** A throttled function that takes `costMs` of a simulated clock at each call. */
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

test("a cheap function is called twice a second at most", () => {
  const { time, read } = setUp(0);
  expect([read(), read()]).toEqual([1, 1]);
  time.now = 499;
  expect(read()).toBe(1);
  time.now = 500;
  expect(read()).toBe(2);
});

test("an expensive function takes 0.5 % of the time at most", () => {
  const { time, read } = setUp(20);
  expect(read()).toBe(1);
  time.now = 3999;
  expect(read()).toBe(1);
  time.now = 4000;
  expect(read()).toBe(2);
});
