/** The wall clock beside the monotonic one: it follows when somebody sets it, and does not tremble. */
import { describe, expect, test } from "bun:test";
import { systemClock } from "../../src/base/clock.ts";

/** Clocks that a test moves by hand; the wall clock tells whole milliseconds only. */
function handClock() {
  const hands = { now: 1000, wall: 1_800_000_000_000.25 };
  const clock = systemClock({
    now: () => hands.now,
    wall: () => Math.floor(hands.wall),
    origin: hands.wall - hands.now,
  });
  return {
    clock,
    pass(ms: number, drift = 0) {
      hands.now += ms;
      hands.wall += ms + drift;
      return clock.wallAt(hands.now);
    },
  };
}

describe("the wall clock", () => {
  test("keeps its fraction, though the system tells whole milliseconds", () => {
    const { pass } = handClock();
    expect(pass(0.5)).toBe(1_800_000_000_000.75);
    for (let i = 0; i < 20; i++) pass(700);
    expect(pass(0)).toBe(1_800_000_014_000.75);
  });

  test.each([3_600_000, -3_600_000, 50, -50])("follows a step of %d ms within the next second", (step) => {
    const { pass, clock } = handClock();
    pass(10, step);
    const after = pass(1001);
    expect(Math.abs(after - (1_800_000_001_011.25 + step))).toBeLessThanOrEqual(1);
    expect(clock.now()).toBe(2011);
  });

  test("does not jump for less than five milliseconds, and never runs back between two steps", () => {
    const { pass } = handClock();
    let last = 0;
    for (let i = 0; i < 10; i++) {
      const now = pass(1500, 0.3);
      expect(now - last).toBeGreaterThan(0);
      if (last > 0) expect(now - last).toBe(1500);
      last = now;
    }
  });

  test("of the system is the system's", () => {
    const clock = systemClock();
    expect(Math.abs(clock.wallAt(clock.now()) - Date.now())).toBeLessThan(20);
  });
});
