/**
 * Intended send times, computed from rates and a seed alone.
 *
 * A changing rate is an intensity λ(t). Its integral Λ(t) is the number of packets due by t, so packet n is due at the
 * inverse of Λ at n. For Poisson arrivals n is replaced by a sum of exponential steps (time change of a unit-rate
 * process).
 */
import { random } from "../../base/random.ts";

/** A section of a run in which the rate changes linearly from `from` to `to`, packets a second. */
export interface Stage {
  readonly from: number;
  readonly to: number;
  /** Length in s; infinite for a run without an end. */
  readonly seconds: number;
}

/** Evenly spaced packets, or exponential gaps as from independent users. */
export type Arrival = "constant" | "poisson";

/** The input of a schedule. */
export interface SchedulePlan {
  readonly stages: readonly Stage[];
  readonly arrival: Arrival;
  /** Most packets, even if the stages have more. */
  readonly count?: number | undefined;
  /** Determines the gaps of Poisson arrivals: the same seed gives the same gaps. */
  readonly seed: number;
}

/** The intended send times of a run, in order. */
export interface Schedule {
  /** Intended send time of the next packet, in s from the start; undefined after the last packet. */
  next(): number | undefined;
  /** Takes all further packets that are due before `seconds`, which is finite; returns their number. */
  skipUntil(seconds: number): number;
}

/** Most Poisson arrivals that are drawn to count them; the number of further ones is the expected one. */
const MAX_DRAWN = 100_000;

/** A packet that is due within this part of a packet before the end of a stage belongs to the next stage. */
const STAGE_EDGE = 1e-9;

/** Number of packets that a stage has, with a fraction. */
function packetsIn(stage: Stage): number {
  return ((stage.from + stage.to) / 2) * stage.seconds;
}

/** Time in s from the stage's start at which `packets` are due: the inverse of from·t + slope·t²/2. */
function timeWithin(stage: Stage, packets: number): number {
  if (stage.from === stage.to) return packets / stage.from;
  const slope = (stage.to - stage.from) / stage.seconds;
  const root = Math.sqrt(Math.max(0, stage.from * stage.from + 2 * slope * packets));
  // This form of the solution has no difference of two nearly equal numbers, which would lose precision on a flat ramp.
  return (2 * packets) / (stage.from + root);
}

/** Number of packets, with a fraction, that are due within the first `seconds` of the stages. */
function packetsUntil(stages: readonly Stage[], seconds: number): number {
  let left = seconds;
  let packets = 0;
  for (const stage of stages) {
    const within = Math.min(left, stage.seconds);
    const slope = Number.isFinite(stage.seconds) ? (stage.to - stage.from) / stage.seconds : 0;
    packets += within >= stage.seconds ? packetsIn(stage) : stage.from * within + (slope * within * within) / 2;
    left -= within;
    if (left <= 0) break;
  }
  return packets;
}

/** Starts a schedule at its first packet. */
export function startSchedule(plan: SchedulePlan): Schedule {
  const draw = random(plan.seed, "arrival");
  let scheduled = 0;
  let position = plan.arrival === "poisson" ? -Math.log1p(-draw()) : 0;
  let stageIndex = 0;
  let packetsBefore = 0;
  let secondsBefore = 0;
  const left = () => (plan.count ?? Number.POSITIVE_INFINITY) - scheduled;
  return {
    next() {
      if (left() <= 0) return undefined;
      for (;;) {
        const stage = plan.stages[stageIndex];
        if (stage === undefined) return undefined;
        const within = position - packetsBefore;
        const size = packetsIn(stage);
        if (size > 0 && within < size - STAGE_EDGE) {
          scheduled++;
          position += plan.arrival === "poisson" ? -Math.log1p(-draw()) : 1;
          return secondsBefore + (within === 0 ? 0 : timeWithin(stage, within));
        }
        packetsBefore += size;
        secondsBefore += stage.seconds;
        stageIndex++;
      }
    },
    skipUntil(seconds) {
      const end = packetsUntil(plan.stages, seconds) - STAGE_EDGE;
      const before = scheduled;
      if (plan.arrival === "poisson") {
        while (position < end && left() > 0 && scheduled - before < MAX_DRAWN) {
          scheduled++;
          position -= Math.log1p(-draw());
        }
      }
      const rest = Math.min(left(), Math.max(0, Math.ceil(end - position)));
      scheduled += rest;
      position += rest;
      return scheduled - before;
    },
  };
}

/** Highest rate of the stages, packets a second, for which buffers are sized. */
export function highestRate(stages: readonly Stage[]): number {
  return stages.reduce((highest, stage) => Math.max(highest, stage.from, stage.to), 0);
}

/** Length of all stages together, in s. */
export function totalSeconds(stages: readonly Stage[]): number {
  return stages.reduce((sum, stage) => sum + stage.seconds, 0);
}

/**
 * Length in s of a schedule that was sent to its end, with the gap after the last packet. `elapsed`, the measured time
 * in s, stands in where the schedule has no length of its own: a count on a ramp or on Poisson arrivals.
 */
export function scheduledSeconds({ stages, arrival, count }: SchedulePlan, elapsed: number): number {
  const [first, second] = stages;
  const evenRate =
    second === undefined && arrival === "constant" && first?.from === first?.to ? first?.from : undefined;
  const forCount = count === undefined ? Number.POSITIVE_INFINITY : evenRate === undefined ? elapsed : count / evenRate;
  const seconds = Math.min(totalSeconds(stages), forCount);
  return Number.isFinite(seconds) ? seconds : elapsed;
}
