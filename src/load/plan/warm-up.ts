/** The warm-up: packets that are sent before the measurement. */
import type { Protocol } from "../../base/protocol.ts";
import { random } from "../../base/random.ts";
import type { RunPlan } from "./run-plan.ts";
import type { SchedulePlan } from "./schedule.ts";

/** The progress of a warm-up. */
export interface WarmUpProgress {
  readonly protocol: Protocol;
  /** Since its start, s. */
  readonly seconds: number;
  /** Its planned length, s. */
  readonly totalSeconds: number;
  /** Packets sent, which the report does not count. */
  readonly sent: number;
}

/** The schedule of a plan's warm-up: the highest rate of the first stage, with its own random gaps. */
export function warmUpSchedule({ stages, arrival, seed, warmupSeconds }: RunPlan): SchedulePlan {
  const rate = Math.max(stages[0]?.from ?? 0, stages[0]?.to ?? 0);
  return {
    stages: [{ from: rate, to: rate, seconds: warmupSeconds }],
    arrival,
    seed: Math.floor(random(seed, "warm-up")() * 2 ** 32),
  };
}
