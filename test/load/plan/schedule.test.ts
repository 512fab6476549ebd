import { describe, expect, test } from "bun:test";
import { highestRate, type SchedulePlan, startSchedule, totalSeconds } from "../../../src/load/plan/schedule.ts";

function moments(plan: SchedulePlan, most = Number.POSITIVE_INFINITY): number[] {
  const schedule = startSchedule(plan);
  const all: number[] = [];
  for (let moment = schedule.next(); moment !== undefined && all.length < most; moment = schedule.next())
    all.push(moment);
  return all;
}

const constant = { arrival: "constant", seed: 1 } as const;

describe("constant arrivals", () => {
  test("packet n is planned at n / rate, and the last before the end", () => {
    expect(moments({ ...constant, stages: [{ from: 4, to: 4, seconds: 1.5 }] })).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25]);
  });

  test("a count ends an endless stage", () => {
    const all = moments({
      ...constant,
      stages: [{ from: 1000, to: 1000, seconds: Number.POSITIVE_INFINITY }],
      count: 5,
    });
    expect(all).toEqual([0, 0.001, 0.002, 0.003, 0.004]);
  });

  test("a million packets on, a moment is still exact", () => {
    const all = moments({
      ...constant,
      stages: [{ from: 3, to: 3, seconds: Number.POSITIVE_INFINITY }],
      count: 1_000_001,
    });
    expect(all.at(-1)).toBeCloseTo(1e6 / 3, 9);
  });

  test("a ramp plans half of what its end rate would, denser towards the end", () => {
    const all = moments({ ...constant, stages: [{ from: 0, to: 100, seconds: 10 }] });
    expect(all.length).toBe(500);
    // 100/10 · t²/2 = n, so t = √(n/5).
    for (const n of [0, 1, 125, 499]) expect(all[n]).toBeCloseTo(Math.sqrt(n / 5), 9);
  });

  test("stages follow one another without a gap or a packet too many, and a rate of 0 is a pause", () => {
    const stages = [
      { from: 10, to: 10, seconds: 1 },
      { from: 0, to: 0, seconds: 2 },
      { from: 10, to: 20, seconds: 1 },
    ];
    const all = moments({ ...constant, stages });
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

  test("the same seed repeats them, another does not", () => {
    expect(moments(plan, 100)).toEqual(moments(plan, 100));
    expect(moments({ ...plan, seed: 6 }, 100)).not.toEqual(moments(plan, 100));
  });

  test("gaps have the mean and the deviation of an exponential", () => {
    const all = moments(plan);
    // 20,000 expected, with a deviation of √20,000 = 141.
    expect(Math.abs(all.length - 20_000)).toBeLessThan(600);
    const gaps = all.slice(1).map((moment, index) => moment - (all[index] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeCloseTo(1, 1);
    expect(mean).toBeCloseTo(1 / 200, 3);
  });

  test("a ramp thins them where its rate is low", () => {
    const all = moments({ arrival: "poisson", seed: 5, stages: [{ from: 0, to: 400, seconds: 50 }] });
    const early = all.filter((moment) => moment < 25).length;
    expect(early / all.length).toBeCloseTo(0.25, 1);
  });
});
