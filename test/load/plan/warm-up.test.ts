import { expect, test } from "bun:test";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { warmUpSchedule } from "../../../src/load/plan/warm-up.ts";

test("a warm-up has the highest rate of the first stage, and its own seed", () => {
  const stages = [
    { from: 10, to: 50, seconds: 2 },
    { from: 90, to: 90, seconds: 2 },
  ];
  const plan = planRun({ protocol: "udp", stages, warmup: 3, arrival: "poisson", seed: 7 });
  const schedule = warmUpSchedule(plan);
  expect(schedule).toMatchObject({ stages: [{ from: 50, to: 50, seconds: 3 }], arrival: "poisson" });
  expect(schedule.seed).not.toBe(7);
  expect(warmUpSchedule(plan)).toEqual(schedule);
  expect(warmUpSchedule(planRun({ protocol: "udp", rate: "max", warmup: 1 })).stages).toEqual([
    { from: 0, to: 0, seconds: 1 },
  ]);
});
