/**
 * When is packet n planned? A pure answer: from rates, a seed and nothing else.
 *
 * A rate that changes is an intensity λ(t). Its integral Λ(t) is the number of packets planned until t, so the moment
 * of packet n is the inverse of Λ at n; a Poisson process is the same with n replaced by a sum of exponential steps
 * (time change of a unit-rate process).
 */

import { random } from "../../base/random.ts";

/** A stretch of a run: the rate goes in a straight line from `from` to `to`, in packets a second. */
export interface Stage {
  readonly from: number;
  readonly to: number;
  /** How long it lasts, in s; infinite for a run without an end. */
  readonly seconds: number;
}

/** Evenly spaced packets, or the exponential gaps of independent users. */
export type Arrival = "constant" | "poisson";

/** What a schedule is made of. */
export interface Plan {
  readonly stages: readonly Stage[];
  readonly arrival: Arrival;
  /** The most packets, whatever the stages would give. */
  readonly count?: number;
  /** Chooses the gaps of Poisson arrivals; the same seed repeats them. */
  readonly seed: number;
}

/** The planned moments of a run, one after the other. */
export interface Schedule {
  /** The moment of the next packet, in s from the start; undefined after the last one. */
  next(): number | undefined;
}

/** How many packets a stage plans in all. */
function packetsIn(stage: Stage): number {
  return ((stage.from + stage.to) / 2) * stage.seconds;
}

/** The moment, in s from the stage's start, at which it has planned `packets`: the inverse of from·t + slope·t²/2. */
function momentWithin(stage: Stage, packets: number): number {
  if (stage.from === stage.to) return packets / stage.from;
  const slope = (stage.to - stage.from) / stage.seconds;
  const root = Math.sqrt(Math.max(0, stage.from * stage.from + 2 * slope * packets));
  // The form without a difference of two near numbers, which a nearly level stage would turn into noise.
  return (2 * packets) / (stage.from + root);
}

/** Starts the schedule of a plan from its first packet. */
export function startSchedule(plan: Plan): Schedule {
  const draw = random(plan.seed, "arrival");
  let planned = 0;
  let position = plan.arrival === "poisson" ? -Math.log1p(-draw()) : 0;
  let stageIndex = 0;
  let packetsBefore = 0;
  let secondsBefore = 0;
  return {
    next() {
      if (plan.count !== undefined && planned >= plan.count) return undefined;
      for (;;) {
        const stage = plan.stages[stageIndex];
        if (stage === undefined) return undefined;
        const within = position - packetsBefore;
        const size = packetsIn(stage);
        if (size > 0 && within < size - 1e-9) {
          planned++;
          position += plan.arrival === "poisson" ? -Math.log1p(-draw()) : 1;
          return secondsBefore + (within === 0 ? 0 : momentWithin(stage, within));
        }
        packetsBefore += size;
        secondsBefore += stage.seconds;
        stageIndex++;
      }
    },
  };
}

/** The highest rate that a plan reaches, in packets a second: what buffers are sized for. */
export function highestRate(stages: readonly Stage[]): number {
  return stages.reduce((highest, stage) => Math.max(highest, stage.from, stage.to), 0);
}

/** How long the stages last together, in s. */
export function totalSeconds(stages: readonly Stage[]): number {
  return stages.reduce((sum, stage) => sum + stage.seconds, 0);
}
