import { describe, expect, test } from "bun:test";
import {
  highestRate,
  type SchedulePlan,
  scheduledSeconds,
  startSchedule,
  totalSeconds,
} from "../../../src/load/plan/schedule.ts";

/** The intended send times of a plan, s. */
function timesOf(plan: SchedulePlan, most = Number.POSITIVE_INFINITY): number[] {
  const schedule = startSchedule(plan);
  const all: number[] = [];
  for (let time = schedule.next(); time !== undefined && all.length < most; time = schedule.next()) all.push(time);
  return all;
}

const constant = { arrival: "constant", seed: 1 } as const;

describe("constant arrivals", () => {
  test("packet n is due at n / rate, and the last one before the end", () => {
    expect(timesOf({ ...constant, stages: [{ from: 4, to: 4, seconds: 1.5 }] })).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25]);
  });

  test("a count ends an endless stage", () => {
    const all = timesOf({
      ...constant,
      stages: [{ from: 1000, to: 1000, seconds: Number.POSITIVE_INFINITY }],
      count: 5,
    });
    expect(all).toEqual([0, 0.001, 0.002, 0.003, 0.004]);
  });

  test("the send time of packet 1,000,000 is exact", () => {
    const all = timesOf({
      ...constant,
      stages: [{ from: 3, to: 3, seconds: Number.POSITIVE_INFINITY }],
      count: 1_000_001,
    });
    expect(all.at(-1)).toBeCloseTo(1e6 / 3, 9);
  });

  test("a ramp from 0 has half the packets of its end rate, at the inverse of its integral", () => {
    const all = timesOf({ ...constant, stages: [{ from: 0, to: 100, seconds: 10 }] });
    expect(all.length).toBe(500);
    // 100/10 · t²/2 = n, so t = √(n/5).
    for (const n of [0, 1, 125, 499]) expect(all[n]).toBeCloseTo(Math.sqrt(n / 5), 9);
  });

  test("stages follow each other without a gap or an extra packet, and a rate of 0 is a pause", () => {
    const stages = [
      { from: 10, to: 10, seconds: 1 },
      { from: 0, to: 0, seconds: 2 },
      { from: 10, to: 20, seconds: 1 },
    ];
    const all = timesOf({ ...constant, stages });
    expect(all.length).toBe(25);
    expect(all[9]).toBeCloseTo(0.9, 9);
    expect(all[10]).toBeCloseTo(3, 9);
    expect([...all].sort((a, b) => a - b)).toEqual(all);
    expect(totalSeconds(stages)).toBe(4);
    expect(highestRate(stages)).toBe(20);
  });
});

describe("Poisson arrivals", () => {
  const plan: SchedulePlan = { arrival: "poisson", seed: 5, stages: [{ from: 200, to: 200, seconds: 100 }] };

  test("the same seed repeats the times, another seed does not", () => {
    expect(timesOf(plan, 100)).toEqual(timesOf(plan, 100));
    expect(timesOf({ ...plan, seed: 6 }, 100)).not.toEqual(timesOf(plan, 100));
  });

  test("gaps have the mean and the deviation of an exponential distribution", () => {
    const all = timesOf(plan);
    // The expected number is 20,000, with a standard deviation of √20,000 = 141.
    expect(Math.abs(all.length - 20_000)).toBeLessThan(600);
    const gaps = all.slice(1).map((time, index) => time - (all[index] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeCloseTo(1, 1);
    expect(mean).toBeCloseTo(1 / 200, 3);
  });

  test("a ramp has fewer packets where its rate is low", () => {
    const all = timesOf({ arrival: "poisson", seed: 5, stages: [{ from: 0, to: 400, seconds: 50 }] });
    const early = all.filter((time) => time < 25).length;
    expect(early / all.length).toBeCloseTo(0.25, 1);
  });
});

test("a schedule that was sent to its end includes the gap after the last packet", () => {
  const level = { ...constant, stages: [{ from: 100, to: 100, seconds: 10 }] };
  expect(scheduledSeconds(level, 9.99)).toBe(10);
  expect(scheduledSeconds({ ...level, count: 300 }, 2.99)).toBe(3);
  const endless = [{ from: 100, to: 100, seconds: Number.POSITIVE_INFINITY }];
  expect(scheduledSeconds({ ...level, arrival: "poisson", stages: endless, count: 300 }, 3.2)).toBe(3.2);
  expect(scheduledSeconds({ ...level, stages: endless }, 7)).toBe(7);
});

describe("skipUntil", () => {
  const ramp = [
    { from: 0, to: 1000, seconds: 0.4 },
    { from: 0, to: 0, seconds: 1 },
    { from: 500, to: 250, seconds: 1.3 },
  ];
  test.each([
    ["a constant rate", { stages: [{ from: 1e4, to: 1e4, seconds: 1.5 }], arrival: "constant", seed: 1 }],
    ["a rate with a fraction", { stages: [{ from: 33.3, to: 33.3, seconds: 3.3 }], arrival: "constant", seed: 1 }],
    ["ramps", { stages: ramp, arrival: "constant", seed: 1 }],
    ["a count", { stages: ramp, arrival: "constant", seed: 1, count: 300 }],
    ["Poisson arrivals", { stages: ramp, arrival: "poisson", seed: 3 }],
  ] as const)("counts the packets that next() would return: %s", (_what, plan) => {
    const all = timesOf(plan);
    for (const taken of [0, 1, 57, all.length]) {
      for (const seconds of [0, 0.2003, 0.4, 1.1, 1.5, 99]) {
        const schedule = startSchedule(plan);
        for (let packet = 0; packet < taken; packet++) schedule.next();
        expect(schedule.skipUntil(seconds)).toBe(all.slice(taken).filter((time) => time < seconds).length);
      }
    }
  });

  test("skips billions of packets at once; a long Poisson schedule by its expected number", () => {
    const stages = [{ from: 1e7, to: 1e7, seconds: 3600 }];
    expect(startSchedule({ stages, arrival: "constant", seed: 1 }).skipUntil(3600)).toBe(3.6e10);
    const poisson = startSchedule({ stages, arrival: "poisson", seed: 1 }).skipUntil(3600);
    expect(Math.abs(poisson - 3.6e10)).toBeLessThan(6 * Math.sqrt(1e5));
  });
});
