/**
 * Judges a run: whether its objectives are met, and whether its numbers are valid. An objective is judged by the limit
 * of the value's 95 % confidence interval that is nearer to missing it, so that a short run does not pass by chance.
 * Without an interval it is judged by rough limits if there are any, else by the value, and a note says so. A run without
 * losses is judged by the limit for independent losses.
 */
import { counted, formatSeconds } from "../../base/format.ts";
import type { Directions } from "../measure/directions/loss-direction.ts";
import type { Histogram } from "../measure/histograms/histogram.ts";
import type { Recorder } from "../measure/recorder.ts";
import { type Interval, samplesNeeded } from "../measure/statistics/estimates.ts";
import type { Objective, Subject } from "../plan/objectives.ts";
import { isQuantile, QUANTILES, quantileLabel } from "../plan/quantiles.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { finite } from "./finite.ts";
import { type Falsified, falsifiedBy } from "./lateness.ts";
import type { JudgedObjective, RunEnd, RunReport } from "./report.ts";
import type { LossReport } from "./report-packets.ts";
import type { EstimatedTime, Times } from "./report-times.ts";

/** A measured value. Infinity stands for a time over the timeout. */
interface Reading {
  /** Null: there are too few samples. */
  readonly value: number | null;
  /** The 95 % confidence interval, if the value has one, or rough limits if `noInterval` is set. */
  readonly interval?: Interval;
  /** What the interval assumes. */
  readonly assumption?: string;
  /** Why a value that is an estimate has no interval. */
  readonly noInterval?: string;
  /** The timeout, s, if the value is over it. */
  readonly over?: number;
}

type Measured = Omit<RunReport, "objectives">;

function share(hits: number, total: number): Reading {
  return { value: total === 0 ? null : hits / total, noInterval: "not estimated" };
}

function readTime(times: Times, name: EstimatedTime): Reading {
  const limits = times.intervals[name];
  const over = name === "mean" ? undefined : times.over[name];
  const value = over === undefined ? times[name] : Number.POSITIVE_INFINITY;
  const estimate = limits && { interval: { low: limits[0], high: limits[1] ?? Number.POSITIVE_INFINITY } };
  const missing = times.noInterval[name];
  return { value, ...(missing && { noInterval: missing }), ...estimate, ...(over !== undefined && { over }) };
}

function readLoss({ ratio, low, high, limits, reason, highIfIndependent }: LossReport): Reading {
  if (low !== null && high !== null) return { value: ratio, interval: { low, high } };
  if (highIfIndependent !== null) {
    return { value: ratio, interval: { low: 0, high: highIfIndependent }, assumption: "losses are independent" };
  }
  return { value: ratio, noInterval: reason ?? "not estimated", ...(limits && { interval: limits }) };
}

function read(subject: Subject, { packets, responseTime, jitter, rate, loss }: Measured): Reading {
  if (isQuantile(subject)) return readTime(responseTime, subject);
  switch (subject) {
    case "mean":
      return readTime(responseTime, "mean");
    case "min":
    case "max":
      return { value: responseTime[subject] };
    case "jitter":
      return { value: jitter.rfc3550Mean };
    case "loss":
      return packets.sent === 0 ? { value: null } : readLoss(loss);
    case "errors":
      return share(packets.failed + packets.corrupt + packets.unsent + packets.refused, packets.planned);
    case "late":
      return share(packets.late, packets.sent);
    default:
      return { value: rate.achieved };
  }
}

function holds(value: number, operator: Objective["operator"], bound: number): boolean {
  if (operator === "<") return value < bound;
  if (operator === "<=") return value <= bound;
  return operator === ">" ? value > bound : value >= bound;
}

/** Judges one objective by a report, whether or not the run is valid. */
export function judgeObjective(objective: Objective, report: Measured): Omit<JudgedObjective, "runValid"> {
  const { text, subject, operator, bound } = objective;
  const reading = read(subject, report);
  const { value, interval, over } = reading;
  if (value === null)
    return { text, met: false, value, edge: null, note: `cannot be judged${needed(subject, report)}` };
  const edge = (operator.startsWith("<") ? interval?.high : interval?.low) ?? value;
  const met = holds(edge, operator, bound);
  const note = noteOf(reading, report, !met && holds(value, operator, bound));
  return {
    text,
    met,
    value: finite(value),
    ...(over !== undefined && { over }),
    edge: finite(edge),
    ...(note !== undefined && { note }),
  };
}

function needed(subject: Subject, { responseTime }: Measured): string {
  if (!isQuantile(subject)) return "";
  return `: ${subject} needs ${samplesNeeded(QUANTILES[subject])} packets, there are ${responseTime.packets}`;
}

function noteOf({ interval, assumption, noInterval, over }: Reading, { responseTime }: Measured, byInterval: boolean) {
  if (over !== undefined) {
    const { count, packets } = responseTime;
    return `over the timeout: ${packets - count} of ${packets} packets have no valid answer within it`;
  }
  if (interval !== undefined && noInterval !== undefined) {
    const judged = byInterval ? "the value meets the objective, its rough limits do not" : "judged by rough limits";
    return `${judged}: no 95 % interval (${noInterval})${byInterval ? "; a longer run narrows them" : ""}`;
  }
  if (byInterval) {
    return "the value meets the objective, its 95 % confidence interval does not; a longer run narrows the interval";
  }
  if (assumption !== undefined) return `the limit assumes that ${assumption}`;
  if (interval !== undefined || noInterval === undefined) return undefined;
  return `judged by the value alone: no 95 % interval (${noInterval})`;
}

/** The report with its objectives judged. An objective that cannot be judged makes the run invalid. */
export function withObjectives(report: RunReport, objectives: readonly Objective[]): RunReport {
  const judged = objectives.map((objective) => judgeObjective(objective, report));
  const unknown = judged
    .filter(({ value, over }) => value === null && over === undefined)
    .map(({ text, note }) => `objective ${text} ${note ?? ""}`);
  const reasons = [...report.verdict.reasons, ...unknown];
  const valid = reasons.length === 0;
  return {
    ...report,
    objectives: judged.map((objective) => ({ ...objective, runValid: valid })),
    verdict: { ...report.verdict, valid, reasons },
  };
}

/** What the verdict of a run depends on. */
export interface VerdictInput {
  readonly plan: RunPlan;
  readonly ended: RunEnd;
  /** How long packets were sent, s. */
  readonly seconds: number;
  readonly recorder: Recorder;
  readonly directions: Directions;
  /** Errors that kept the run from measuring all or anything, one line each. */
  readonly failures: readonly string[];
  /** Datagrams that the kernel dropped at this run's own receive buffers; undefined where it does not report them. */
  readonly bufferDrops: number | undefined;
  /** The 95 % intervals of the response times. */
  readonly intervals?: Times["intervals"];
}

/** The generator's own delays as the reason of an invalid run: what they did to which number, and what is allowed. */
function latenessReason(
  { name, value, added, allowed, low }: Falsified,
  { scheduleError, receiveDelay }: Recorder,
): string {
  const parts = `p99 of sending late ${p99Of(scheduleError)}, of reading late ${p99Of(receiveDelay)}`;
  return `${formatSeconds(added)} of the ${formatSeconds(value)} of ${quantileLabel(name)} are delays of this load generator (${parts}); allowed are ${formatSeconds(allowed)}, or down to ${formatSeconds(low)}, where its interval ends; lower --rate, or free a processor core for it`;
}

function p99Of(delays: Histogram): string {
  return formatSeconds(delays.quantile(0.99) ?? 0);
}

/** Whether the run's numbers are valid (docs/CONTRACT.md, section 6); if not, each reason and its remedy. */
export function judge(input: VerdictInput): RunReport["verdict"] {
  const reasons = [
    ...input.failures,
    ...endReasons(input),
    ...senderReasons(input),
    ...labReasons(input),
    ...sampleReasons(input),
  ];
  return { valid: reasons.length === 0, interrupted: input.ended === "interrupted", reasons };
}

/** A run that ended before its plan. A run without an end of its own is always stopped. */
function endReasons({ plan, ended, seconds, recorder }: VerdictInput): string[] {
  const whole = Number.isFinite(plan.seconds)
    ? formatSeconds(plan.seconds)
    : plan.count !== undefined && counted(plan.count, "packet");
  const part = `after ${formatSeconds(seconds)}${whole === false ? "" : ` of ${whole}`}`;
  if (ended === "interrupted" && whole !== false) {
    return [
      `the run was interrupted ${part}; the numbers are those of the ${counted(recorder.counts.sent, "packet")} sent`,
    ];
  }
  // A target that could not be reached at all is among the failures.
  return ended === "gave-up" && seconds > 0 ? [`the run gave up ${part}, because every packet was refused`] : [];
}

/** The beginning of a sentence about packets: `1 packet was`. */
function were(packets: number): string {
  return `${counted(packets, "packet")} ${packets === 1 ? "was" : "were"}`;
}

/** Problems of the load generator itself. */
function senderReasons({ plan, recorder, bufferDrops, intervals = {} }: VerdictInput): string[] {
  const reasons: string[] = [];
  const { unsent, unreached, refused } = recorder.counts;
  const { response: values, undelayed } = recorder;
  const falsified = falsifiedBy({ values, undelayed, packets: recorder.counts.sent, intervals });
  if (falsified !== undefined) reasons.push(latenessReason(falsified, recorder));
  if (unreached > 0) {
    reasons.push(
      `${were(unreached)} not sent by the end of the run, because the sender could not reach the rate; lower --rate, or free a processor core for the load generator`,
    );
  }
  if (unsent > unreached) {
    reasons.push(
      `${were(unsent - unreached)} not sent because no connection was free in time; raise --connections or lower --rate`,
    );
  }
  if (refused > 0) {
    reasons.push(
      `${were(refused)} refused by the kernel of this machine and not sent; the errors have its reasons, such as EPERM for a firewall rule`,
    );
  }
  if (recorder.counts.discarded > 0) {
    reasons.push(
      `${counted(recorder.counts.discarded, "packet")} counted as lost before the waiting time had passed, because the accounting was full; lower --rate or --wait`,
    );
  }
  if (recorder.surplusAnswers > 0) {
    reasons.push(
      `${counted(recorder.surplusAnswers, "part")} of answers arrived after the answer to their packet, as from a target that reads a packet in several parts and answers each; lost packets can count as answered; use --mode stamp, or a smaller --size`,
    );
  }
  const { longestLagMs, shortestRestMs } = recorder.copies;
  if (shortestRestMs < plan.waitMs && longestLagMs > shortestRestMs / 2) {
    reasons.push(
      `copies of answers arrived up to ${longestLagMs.toFixed(1)} ms after the answer, and a socket carried its next packet after ${shortestRestMs.toFixed(1)} ms; lost packets can count as answered; use --mode stamp, or lower --rate`,
    );
  }
  if (bufferDrops !== undefined && bufferDrops > 0) {
    reasons.push(
      `the kernel dropped ${counted(bufferDrops, "answer")} because this run's receive buffer was full, and ${bufferDrops === 1 ? "it counts" : "they count"} as lost; lower --rate, or raise net.core.rmem_max`,
    );
  }
  return reasons;
}

function labReasons({ directions }: VerdictInput): string[] {
  if (directions.heldByLab === 0) return [];
  return [
    `the lab still held ${counted(directions.heldByLab, "packet")} at the end of the run; raise --wait above its delay fault`,
  ];
}

function sampleReasons({ plan, recorder, failures }: VerdictInput): string[] {
  const { sent } = recorder.counts;
  const needed = samplesNeeded(QUANTILES.p50);
  if (failures.length > 0 || sent === 0 || sent >= needed) return [];
  const flag = plan.count === undefined ? "--duration" : "--count";
  return [
    `${counted(sent, "packet")} ${sent === 1 ? "is" : "are"} too few for any percentile, which needs ${needed}; raise ${flag}`,
  ];
}
