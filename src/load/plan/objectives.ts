/** Service-level objectives as text: `p99<5ms`, `loss<0.1%`, `rate>=950`. */
import { didYouMean } from "../../base/suggest.ts";
import { UsageError } from "./errors.ts";
import { readDuration, readNumber } from "./values.ts";

/** What an objective may limit, and the unit of the limit: s, a share from 0 to 1, or packets a second. */
const SUBJECTS = {
  p50: "time",
  p90: "time",
  p95: "time",
  p99: "time",
  p999: "time",
  min: "time",
  mean: "time",
  max: "time",
  jitter: "time",
  loss: "share",
  errors: "share",
  late: "share",
  rate: "rate",
} as const;

/** The name of a measured value that an objective limits. */
export type Subject = keyof typeof SUBJECTS;

const EXPECTED = {
  time: "a time such as 5ms",
  share: "a share with its unit, such as 0.1%",
  rate: "packets a second, such as 950",
};

/** A parsed objective. */
export interface Objective {
  /** As the user wrote it. */
  readonly text: string;
  readonly subject: Subject;
  readonly operator: "<" | "<=" | ">" | ">=";
  /** In s, as a share from 0 to 1, or in packets a second. */
  readonly bound: number;
}

function isSubject(name: string): name is Subject {
  return Object.hasOwn(SUBJECTS, name);
}

function isOperator(text: string): text is Objective["operator"] {
  return /^[<>]=?$/.test(text);
}

/** Parses an objective; throws a UsageError that lists what is allowed. */
export function parseObjective(text: string): Objective {
  const [, subjectText = "", operator = "", boundText = ""] =
    /^\s*([a-z0-9.]+)\s*(<=|>=|<|>)\s*(\S+)\s*$/i.exec(text) ?? [];
  if (!isOperator(operator)) {
    throw new UsageError(`--slo ${text}: expected an objective such as p99<5ms, loss<0.1% or rate>=950`);
  }
  const subject = subjectText.toLowerCase().replace("p99.9", "p999");
  if (!isSubject(subject)) {
    const names = Object.keys(SUBJECTS);
    throw new UsageError(
      `--slo ${text}: ${subjectText} is not one of ${names.join(", ")}${didYouMean(subject, names)}`,
    );
  }
  const bound = readBound(subject, boundText);
  if (bound === undefined) {
    throw new UsageError(`--slo ${text}: expected ${EXPECTED[SUBJECTS[subject]]}, not ${boundText}`);
  }
  return { text, subject, operator, bound };
}

/** The limit in the subject's unit, or undefined. Times and shares must have a unit: `p99<5` and `loss<1` are ambiguous. */
function readBound(subject: Subject, text: string): number | undefined {
  switch (SUBJECTS[subject]) {
    case "rate":
      return readNumber(text.replace(/\/s$/, ""));
    case "time":
      return /[a-zµ]$/.test(text) ? readDuration(text) : undefined;
    default:
      return readShare(text);
  }
}

/** `0.1%`. */
function readShare(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)%$/.exec(text);
  return parts === null ? undefined : Number(parts[1]) / 100;
}
