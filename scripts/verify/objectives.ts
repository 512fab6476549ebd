/** Judges the objectives of a report again, by the recomputed numbers. */
import { type Objective, parseObjective } from "../../src/load/plan/objectives.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import { derived, type Expectations, type Expected, exact } from "./expected.ts";

const PATHS: Readonly<Record<string, string>> = {
  jitter: "jitter.rfc3550Mean",
  loss: "loss.ratio",
  rate: "rate.achieved",
};

/** A recomputed number; undefined if there is none. */
function numberAt(expected: Expectations, path: string): number | undefined {
  const found = expected.get(path);
  return found !== undefined && "value" in found && typeof found.value === "number" ? found.value : undefined;
}

function share(expected: Expectations, total: string, ...parts: string[]): Expected {
  const count = (name: string) => numberAt(expected, `packets.${name}`) ?? 0;
  return derived(count(total) === 0 ? null : parts.reduce((hits, name) => hits + count(name), 0) / count(total));
}

function measuredValue({ subject }: Objective, expected: Expectations): Expected {
  if (subject === "errors") return share(expected, "planned", "failed", "corrupt", "unsent", "refused");
  if (subject === "late") return share(expected, "sent", "late");
  if (subject === "loss" && numberAt(expected, "packets.sent") === 0) return exact(null);
  return expected.get(PATHS[subject] ?? `responseTime.${subject}`) ?? exact(null);
}

/** The end of the value's interval, or of rough limits, that is nearer to missing the objective; undefined without them. */
function edgeOf({ subject, operator }: Objective, expected: Expectations): Expected | undefined {
  const isUpper = operator.startsWith("<");
  if (subject !== "loss") return expected.get(`responseTime.intervals.${subject}.${isUpper ? 1 : 0}`);
  const limit = numberAt(expected, isUpper ? "loss.high" : "loss.low");
  if (limit !== undefined) return derived(limit);
  const bound = numberAt(expected, "loss.highIfIndependent");
  if (bound !== undefined) return derived(isUpper ? bound : 0);
  return expected.get(isUpper ? "loss.limits.high" : "loss.limits.low");
}

function isMet(value: number, { operator, bound }: Objective): boolean {
  if (operator === "<") return value < bound;
  if (operator === "<=") return value <= bound;
  return operator === ">" ? value > bound : value >= bound;
}

function numberOf(expected: Expected, ifNull: number): number {
  return "value" in expected && typeof expected.value === "number" ? expected.value : ifNull;
}

/** Expectations of `objectives`, from those of the rest of the report. */
export function objectiveExpectations({ objectives, verdict }: RunReport, expected: Expectations): Expectations {
  const judged: Expectations = new Map();
  objectives.forEach(({ text }, index) => {
    const objective = parseObjective(text);
    const over = expected.get(`responseTime.over.${objective.subject}`);
    const value = measuredValue(objective, expected);
    const isMissing = over === undefined && "value" in value && value.value === null;
    const edge = edgeOf(objective, expected) ?? value;
    const limit = numberOf(edge, Number.POSITIVE_INFINITY);
    judged.set(`objectives.${index}.value`, value);
    judged.set(`objectives.${index}.edge`, isMissing ? exact(null) : edge);
    judged.set(`objectives.${index}.met`, exact(!isMissing && isMet(limit, objective)));
    judged.set(`objectives.${index}.runValid`, exact(verdict.reasons.length === 0));
    if (over !== undefined) judged.set(`objectives.${index}.over`, over);
  });
  return judged;
}
