/** Service-level objectives: `p99<5ms`, `loss<0.1%`, judged by the edge of the 95 % interval that speaks against them. */

import { Z95 } from "../../base/numbers.ts";
import { didYouMean } from "../../base/suggest.ts";
import { samplesNeeded, wilson } from "../measure/estimates.ts";
import { type JudgedObjective, QUANTILES, type QuantileName, type RunReport } from "../report/report.ts";
import { UsageError } from "./errors.ts";
import { readDuration, readNumber } from "./values.ts";

/** What an objective may be about; times in s, shares from 0 to 1, rate in packets a second. */
const SUBJECTS = [
  "p50",
  "p90",
  "p99",
  "p999",
  "min",
  "mean",
  "max",
  "jitter",
  "loss",
  "errors",
  "late",
  "rate",
] as const;

type Subject = (typeof SUBJECTS)[number];

/** An objective that can be judged. */
export interface Objective {
  readonly text: string;
  readonly subject: Subject;
  readonly operator: "<" | "<=" | ">" | ">=";
  readonly bound: number;
}

const SHARES: readonly Subject[] = ["loss", "errors", "late"];

/** Reads an objective; throws a UsageError that says what may stand there. */
export function parseObjective(text: string): Objective {
  const parts = /^\s*([a-z0-9.]+)\s*(<=|>=|<|>)\s*(\S+)\s*$/i.exec(text);
  if (parts?.[1] === undefined || parts[3] === undefined) {
    throw new UsageError(`--slo ${text}: expected an objective such as p99<5ms, loss<0.1% or rate>=950`);
  }
  const name = parts[1].toLowerCase().replace("p99.9", "p999");
  const subject = SUBJECTS.find((candidate) => candidate === name);
  if (subject === undefined)
    throw new UsageError(`--slo ${text}: ${parts[1]} is none of ${SUBJECTS.join(", ")}${didYouMean(name, SUBJECTS)}`);
  const bound = readBound(subject, parts[3]);
  if (bound === undefined) {
    const kind =
      subject === "rate"
        ? "packets a second, such as 950"
        : SHARES.includes(subject)
          ? "a share such as 0.1%"
          : "a time such as 5ms";
    throw new UsageError(`--slo ${text}: expected ${kind}, not ${parts[3]}`);
  }
  const operator = parts[2];
  if (operator !== "<" && operator !== "<=" && operator !== ">" && operator !== ">=")
    throw new UsageError(`--slo ${text}: expected <, <=, > or >=`);
  return { text, subject, operator, bound };
}

function readBound(subject: Subject, text: string): number | undefined {
  if (subject === "rate") return readNumber(text.replace(/\/s$/, ""));
  if (!SHARES.includes(subject)) return /[a-zµ]$/.test(text) ? readDuration(text) : undefined;
  const share = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  return share === null ? undefined : Number(share[1]) / (share[2] === "%" ? 100 : 1);
}

/** What a report says about a subject, with the 95 % interval where it has one. */
interface Reading {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

function exactly(value: number | null): Reading {
  return { value, low: value, high: value };
}

function share(hits: number, total: number): Reading {
  return total === 0 ? exactly(null) : { value: hits / total, ...wilson(hits, total) };
}

function isQuantile(subject: Subject): subject is QuantileName {
  return Object.hasOwn(QUANTILES, subject);
}

type Measured = Omit<RunReport, "objectives">;

function read(subject: Subject, report: Measured): Reading {
  const { packets, responseTime, jitter, rate } = report;
  if (isQuantile(subject)) {
    const [low, high] = responseTime.intervals[subject] ?? [null, null];
    return { value: responseTime[subject], low, high };
  }
  switch (subject) {
    case "mean": {
      const { mean, stddev, count } = responseTime;
      const half = (Z95 * (stddev ?? 0)) / Math.sqrt(Math.max(1, count));
      return mean === null ? exactly(null) : { value: mean, low: mean - half, high: mean + half };
    }
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
  return { text, met, value, edge, note: "the value meets it, its 95 % interval does not: run longer to be sure" };
}

/** The report with its objectives judged; a percentile that they need and that has too few samples makes it invalid. */
export function withObjectives(report: RunReport, objectives: readonly Objective[]): RunReport {
  const judged = objectives.map((objective) => judgeObjective(objective, report));
  const wanting = judged
    .filter(({ value }) => value === null)
    .map(({ text, note }) => `objective ${text} ${note ?? ""}`);
  const reasons = [...report.verdict.reasons, ...wanting];
  return { ...report, objectives: judged, verdict: { valid: reasons.length === 0, reasons } };
}
