import { describe, expect, test } from "bun:test";
import { random } from "../../../../src/base/random.ts";
import { OneWay } from "../../../../src/load/measure/clocks/one-way.ts";

const HOUR_MS = 3_600_000;

/** 1,000 exchanges, one every 10 ms, with delays of 1 to 5 ms each way and a target's clock with this offset, ms. */
function measure(offsetAt: (index: number) => number): OneWay {
  const draw = random(1, "test");
  const oneWay = new OneWay();
  for (let index = 0; index < 1000; index++) {
    const offset = offsetAt(index);
    oneWay.record(1_700_000_000_000 + index * 10, 1 + 4 * draw() + offset, 1 + 4 * draw() - offset);
  }
  return oneWay;
}

describe("one-way times", () => {
  test.each([-66 * 365 * 24, -2, 2])("keep their sign and size at an offset of %d hours", (hours) => {
    const { up, down } = measure(() => hours * HOUR_MS);
    expect((up.quantile(0.5) ?? 0) - hours * 3600).toBeCloseTo(0.003, 3);
    expect((down.quantile(0.5) ?? 0) + hours * 3600).toBeCloseTo(0.003, 3);
    expect((up.mean ?? 0) - hours * 3600).toBeCloseTo(0.003, 3);
    expect(up.deviation).toBeCloseTo(0.004 / Math.sqrt(12), 4);
    expect((down.max ?? 0) + hours * 3600).toBeWithin(0.0049, 0.0051);
  });

  test("without exchanges there are none", () => {
    const { up, target, isComparable, steps, reflectorClock } = new OneWay();
    expect([up.count, up.mean, up.deviation, up.min]).toEqual([0, undefined, undefined, undefined]);
    expect([target.offset, target.drift, isComparable, steps, reflectorClock]).toEqual([
      undefined,
      undefined,
      false,
      [],
      undefined,
    ]);
  });
});

describe("comparable", () => {
  test("clocks that agree are comparable", () => {
    const { isComparable, target } = measure(() => 0);
    expect(isComparable).toBe(true);
    expect(Math.abs(target.offset?.seconds ?? 1)).toBeLessThan(0.0005);
    expect(target.offset?.error).toBeWithin(0.001, 0.0012);
  });

  test.each([3, -3, HOUR_MS])("clocks that differ by %d ms are not", (offset) => {
    const { isComparable, target } = measure(() => offset);
    expect(isComparable).toBe(false);
    expect(Math.abs((target.offset?.seconds ?? 0) - offset / 1000)).toBeLessThan(0.0005);
    expect(Math.abs(target.drift ?? 1)).toBeLessThan(0.0005);
  });

  test("a clock that drifts from agreement to a difference is not", () => {
    const { isComparable, target, steps } = measure((index) => index * 0.004);
    expect(isComparable).toBe(false);
    expect(target.drift).toBeWithin(0.001, 0.004);
    expect(steps).toEqual([]);
  });

  test("clocks that agree but were set in between are not", () => {
    const reflector = measure((index) => (index >= 400 && index < 500 ? 1000 : 0));
    expect(reflector.isComparable).toBe(false);
    expect(reflector.steps.map(({ side, seconds }) => [side, Math.round(seconds)])).toEqual([
      ["reflector", 1],
      ["reflector", -1],
    ]);
    const sender = measure(() => 0);
    for (const [now, wall] of [
      [0, 0],
      [10, 500],
    ] as const) {
      sender.sender.observe(now, wall);
    }
    expect(sender.isComparable).toBe(false);
    expect(sender.steps).toEqual([{ side: "sender", atSeconds: 0.01, seconds: 0.49 }]);
  });

  test("timestamps that claim more time in the target than the round trip took do not influence the offset", () => {
    const oneWay = measure(() => 3);
    oneWay.record(1_700_000_005_000, -500, -400);
    expect(oneWay.isComparable).toBe(false);
    expect(oneWay.target.offset?.error).toBeWithin(0.001, 0.0012);
  });
});

test("the reflector's clock is as good as its worst estimate", () => {
  const oneWay = new OneWay();
  oneWay.observeEstimate({ synchronized: true, format: "ntp", errorSeconds: 0.001 });
  expect(oneWay.reflectorClock).toEqual({ synchronized: true, format: "ntp", errorSeconds: 0.001 });
  oneWay.observeEstimate({ synchronized: false, format: "ntp", errorSeconds: 0.0001 });
  expect(oneWay.reflectorClock).toEqual({ synchronized: false, format: "ntp", errorSeconds: 0.001 });
  oneWay.observeEstimate({ synchronized: true, format: "ntp", errorSeconds: null });
  expect(oneWay.reflectorClock?.errorSeconds).toBe(null);
});
