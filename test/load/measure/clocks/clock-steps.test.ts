import { describe, expect, test } from "bun:test";
import { random } from "../../../../src/base/random.ts";
import { SenderClock, StepDetector } from "../../../../src/load/measure/clocks/clock-steps.ts";

/** Exchanges every 10 ms with delays of up to 20 ms each way, against a clock with this offset at the time of each. */
function detect(offsetAt: (index: number) => number, count = 300) {
  const draw = random(5, "test");
  const detector = new StepDetector();
  const accepted: boolean[] = [];
  for (let index = 0; index < count; index++) {
    const [up, down, offset] = [20 * draw(), 20 * draw(), offsetAt(index)];
    accepted.push(detector.accepts(index * 10, offset - down, offset + up));
  }
  return { steps: detector.steps, refused: accepted.filter((isAccepted) => !isAccepted).length };
}

describe("StepDetector", () => {
  test("delays that vary are not steps, at any offset", () => {
    for (const offset of [0, -5, 3_600_000, -2e12]) expect(detect(() => offset)).toEqual({ steps: [], refused: 0 });
  });

  test("clocks that differ in rate by 300 ppm do not step", () => {
    expect(detect((index) => index * 10 * 0.0003, 20_000).steps).toEqual([]);
  });

  test.each([3_600_000, -3_600_000, 100, -100])("a clock that is set by %d ms steps once", (step) => {
    const { steps, refused } = detect((index) => (index < 150 ? 7 : 7 + step));
    expect(steps).toHaveLength(1);
    expect(steps[0]?.atSeconds).toBeWithin(1.49, 1.56);
    expect(Math.abs((steps[0]?.seconds ?? 0) - step / 1000)).toBeLessThan(0.02);
    expect(refused).toBeGreaterThan(1);
  });

  test("a clock that is set forth and back steps twice", () => {
    const { steps } = detect((index) => (index >= 100 && index < 200 ? 5000 : 0));
    expect(steps.map(({ seconds }) => Math.round(seconds))).toEqual([5, -5]);
  });

  test("answers that overtake each other at a step do not repeat it", () => {
    const { steps } = detect((index) => (index > 120 || (index > 100 && index % 2 === 0) ? 5000 : 0));
    expect(steps.map(({ seconds }) => Math.round(seconds))).toEqual([5]);
  });

  test("single wrong timestamps are refused and are not a step", () => {
    expect(detect((index) => (index % 50 === 49 ? -2e12 : 0))).toEqual({ steps: [], refused: 6 });
  });

  test("keeps 32 steps", () => {
    expect(detect((index) => (Math.floor(index / 5) % 2) * 1000, 1000).steps).toHaveLength(32);
  });
});

test("the sender's time continues without a step, which is recorded", () => {
  const clock = new SenderClock();
  clock.observe(1000, 1_700_000_000_000);
  clock.observe(1500, 1_700_000_000_500.5);
  expect(clock.steps).toEqual([]);
  clock.observe(2000, 1_700_003_601_000);
  clock.observe(2500, 1_700_003_601_500);
  expect(clock.steps).toEqual([{ atSeconds: 1, seconds: 3600 }]);
  expect(clock.at(2500)).toBe(1_700_000_001_500);
});
