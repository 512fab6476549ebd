import { describe, expect, test } from "bun:test";
import { systemClock, within } from "../../src/base/clock.ts";

/** Clocks that the test advances; the wall clock has whole milliseconds only, as `Date.now()` does. */
function fakeClock() {
  const time = { now: 1000, wall: 1_800_000_000_000.25 };
  const clock = systemClock({
    now: () => time.now,
    wall: () => Math.floor(time.wall),
    origin: time.wall - time.now,
  });
  return {
    clock,
    /** Advances both clocks by `ms`, the wall clock by `step` more; returns the wall time. */
    advance(ms: number, step = 0) {
      time.now += ms;
      time.wall += ms + step;
      return clock.wallAt(time.now);
    },
  };
}

describe("systemClock", () => {
  test("returns wall times with a fraction of a millisecond", () => {
    const { advance } = fakeClock();
    expect(advance(0.5)).toBe(1_800_000_000_000.75);
    for (let i = 0; i < 20; i++) advance(700);
    expect(advance(0)).toBe(1_800_000_014_000.75);
  });

  test.each([3_600_000, -3_600_000, 50, -50])("follows a step of the wall clock by %d ms within a second", (step) => {
    const { advance, clock } = fakeClock();
    advance(10, step);
    const after = advance(1001);
    expect(Math.abs(after - (1_800_000_001_011.25 + step))).toBeLessThanOrEqual(1);
    expect(clock.now()).toBe(2011);
  });

  test("ignores differences below 5 ms, so that wall times advance evenly", () => {
    const { advance } = fakeClock();
    let last = 0;
    for (let i = 0; i < 10; i++) {
      const now = advance(1500, 0.3);
      expect(now - last).toBeGreaterThan(0);
      if (last > 0) expect(now - last).toBe(1500);
      last = now;
    }
  });

  test("returns the time of Date.now() by default", () => {
    const clock = systemClock();
    const before = Date.now();
    const wall = clock.wallAt(clock.now());
    expect(wall).toBeWithin(before - 20, Date.now() + 20);
  });
});

describe("within", () => {
  test("has the result of a promise that is settled in time", async () => {
    expect(await within(Promise.resolve(7), 10_000)).toBe(7);
    const error = await within(Promise.reject(new Error("no")), 10_000).catch((error: Error) => error.message);
    expect(error).toBe("no");
  });

  test("is undefined after the time, also if the promise is rejected later", async () => {
    const { promise, reject } = Promise.withResolvers<number>();
    const startedAt = performance.now();
    expect(await within(promise, 20)).toBeUndefined();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(19);
    reject(new Error("late"));
  });
});
