/**
 * Judges whether the objectives of a run are met. An objective is judged by the limit of the value's 95 % confidence
 * interval that is nearer to missing it, so that a short run does not pass by chance. Without an interval it is judged by
 * rough limits if there are any, else by the value, and a note says so. A run without losses is judged by the limit for
 * independent losses.
 */
import { type Interval, samplesNeeded } from "../measure/statistics/estimates.ts";
import type { Objective, Subject } from "../plan/objectives.ts";
import { isQuantile, QUANTILES } from "../plan/quantiles.ts";
import { finite } from "./finite.ts";
import type { JudgedObjective, RunReport } from "./report.ts";
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
