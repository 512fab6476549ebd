/**
 * Judges a run: whether its objectives are met, and whether its numbers are valid. An objective is judged by the limit
 * of the value's 95 % confidence interval that is nearer to missing it, so that a short run does not pass by chance.
 */
import { Z95 } from "../../base/numbers.ts";
import { quantileOf, samplesNeeded, wilson } from "../measure/estimates.ts";
import type { Directions } from "../measure/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { Objective, Subject } from "../plan/objectives.ts";
import { isQuantile, QUANTILES } from "../plan/quantiles.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { JudgedObjective, RunReport } from "./report.ts";

/** A value with the limits of its 95 % confidence interval; all three equal for a value without an interval. */
interface Reading {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

type Measured = Omit<RunReport, "objectives">;

function exactly(value: number | null): Reading {
  return { value, low: value, high: value };
}

function share(hits: number, total: number): Reading {
  return total === 0 ? exactly(null) : { value: hits / total, ...wilson(hits, total) };
}

function meanOf({ mean, stddev, count }: Measured["responseTime"]): Reading {
  const half = (Z95 * (stddev ?? 0)) / Math.sqrt(Math.max(1, count));
  return mean === null ? exactly(null) : { value: mean, low: mean - half, high: mean + half };
}

function read(subject: Subject, { packets, responseTime, jitter, rate }: Measured): Reading {
  if (isQuantile(subject)) {
    const [low, high] = responseTime.intervals[subject] ?? [null, null];
    return { value: responseTime[subject], low, high };
  }
  switch (subject) {
    case "mean":
      return meanOf(responseTime);
    case "min":
    case "max":
      return exactly(responseTime[subject]);
    case "jitter":
      return exactly(jitter.rfc3550);
    case "loss":
      return share(packets.lost, packets.sent);
    case "errors":
      return share(packets.failed + packets.corrupt + packets.unsent, packets.planned);
    case "late":
      return share(packets.late, packets.sent);
    default:
      return exactly(rate.achieved);
  }
}

function holds(value: number, operator: Objective["operator"], bound: number): boolean {
  if (operator === "<") return value < bound;
  if (operator === "<=") return value <= bound;
  return operator === ">" ? value > bound : value >= bound;
}

/** Judges one objective by a report. */
export function judgeObjective(objective: Objective, report: Measured): JudgedObjective {
  const { text, subject, operator, bound } = objective;
  const { value, low, high } = read(subject, report);
  const edge = operator.startsWith("<") ? high : low;
  if (value === null || edge === null) {
    const needed = isQuantile(subject)
      ? `: ${subject} needs ${samplesNeeded(QUANTILES[subject])} answers, there are ${report.responseTime.count}`
      : "";
    return { text, met: false, value, edge, note: `cannot be judged${needed}` };
  }
  const met = holds(edge, operator, bound);
  if (met || !holds(value, operator, bound)) return { text, met, value, edge };
  const note =
    "the value meets the objective, its 95 % confidence interval does not; a longer run narrows the interval";
  return { text, met, value, edge, note };
}

/** The report with its objectives judged. An objective that cannot be judged makes the run invalid. */
export function withObjectives(report: RunReport, objectives: readonly Objective[]): RunReport {
  const judged = objectives.map((objective) => judgeObjective(objective, report));
  const unknown = judged
    .filter(({ value }) => value === null)
    .map(({ text, note }) => `objective ${text} ${note ?? ""}`);
  const reasons = [...report.verdict.reasons, ...unknown];
  return { ...report, objectives: judged, verdict: { valid: reasons.length === 0, reasons } };
}

/** What the verdict of a run depends on. */
export interface VerdictInput {
  readonly plan: RunPlan;
  readonly recorder: Recorder;
  readonly directions: Directions;
  /** Errors that kept the run from measuring all or anything, one line each. */
  readonly failures: readonly string[];
  /** Datagrams that the kernel dropped at this run's own receive buffers; undefined where it does not report them. */
  readonly bufferDrops: number | undefined;
}

/** Schedule error that is allowed, s, or as a share of the response time at the same quantile, whichever is longer. */
const ALLOWED_LATENESS = 0.001;
const ALLOWED_LATENESS_SHARE = 0.1;

/** Schedule error at the highest quantile with enough samples, s, if it is above the allowed one. */
function excessiveLateness({ scheduleError, response }: Recorder): number | undefined {
  const q = [0.99, 0.9, 0.5].find((candidate) => quantileOf(scheduleError, candidate) !== null);
  const lateness = q === undefined ? 0 : (scheduleError.quantile(q) ?? 0);
  const allowed = Math.max(ALLOWED_LATENESS, ALLOWED_LATENESS_SHARE * (response.quantile(q ?? 0.5) ?? 0));
  return lateness > allowed ? lateness : undefined;
}

/** Whether the run's numbers are valid (docs/CONTRACT.md, section 6); if not, each reason and its remedy. */
export function judge(input: VerdictInput): RunReport["verdict"] {
  const reasons = [...input.failures, ...senderReasons(input), ...labReasons(input), ...sampleReasons(input)];
  return { valid: reasons.length === 0, reasons };
}

/** Problems of the load generator itself. */
function senderReasons({ recorder, bufferDrops }: VerdictInput): string[] {
  const reasons: string[] = [];
  const { unsent } = recorder.counts;
  const lateness = excessiveLateness(recorder);
  if (lateness !== undefined) {
    reasons.push(
      `the sender was late by ${(lateness * 1000).toFixed(1)} ms or more; lower --rate, or free a processor core for the load generator`,
    );
  }
  if (unsent > 0) {
    reasons.push(
      `${unsent} packets were not sent because no connection was free within the timeout; raise --connections or lower --rate`,
    );
  }
  if (bufferDrops !== undefined && bufferDrops > 0) {
    reasons.push(
      `the kernel dropped ${bufferDrops} answers because this run's receive buffer was full, and they count as lost; lower --rate, or raise net.core.rmem_max`,
    );
  }
  return reasons;
}

function labReasons({ directions }: VerdictInput): string[] {
  if (directions.heldByLab === 0) return [];
  return [
    `the lab still held ${directions.heldByLab} packets at the end of the run; raise --timeout above its delay fault`,
  ];
}

function sampleReasons({ plan, recorder, failures }: VerdictInput): string[] {
  const { count } = recorder.response;
  const needed = samplesNeeded(QUANTILES.p50);
  if (failures.length > 0 || recorder.counts.sent === 0 || count >= needed) return [];
  const flag = plan.count === undefined ? "--duration" : "--count";
  return [`${count} answers are too few for any percentile, which needs ${needed}; raise ${flag}`];
}
