/** Compares each number of a report with the recomputed one. */
import type { RunReport } from "../../src/load/report/report.ts";
import { clockExpectations } from "./clocks.ts";
import { countExpectations } from "./counts.ts";
import { absent, type Expectations, type Expected, exact } from "./expected.ts";
import { jitterExpectations } from "./jitter.ts";
import { lossExpectations } from "./loss.ts";
import { objectiveExpectations } from "./objectives.ts";
import { relayExpectations } from "./relay.ts";
import type { Row } from "./rows.ts";
import { timeExpectations } from "./times.ts";

/** A number, word or truth value in a report. */
type Leaf = number | string | boolean | null;

/** A line of the result. */
export interface Line {
  readonly name: string;
  readonly reported: Leaf | undefined;
  readonly recomputed: Leaf | undefined;
  readonly result: "equal" | "differs" | "not in the file";
  readonly note: string;
}

/** Parts of a report that describe the run and its machine, and texts. */
const INPUTS =
  /^(schema|protocol|target|address|seed|sessionId|startedAt|ended|plan|host)\b|^via\.(relay|transport|address|faults|reason)$|^objectives\.\d+\.(text|note)$/;
const TEXTS = /^(evidence|verdict\.reasons|loss\.method)\b/;

/** Numbers that come from elsewhere, with the reason. */
const ELSEWHERE: readonly (readonly [path: RegExp, reason: string])[] = [
  [/^durationSeconds$/, "the sending ends with the plan, not with a packet; the rates are recomputed with it"],
  [/^handshakes\b/, "handshakes belong to connections, not to packets"],
  [/^via\./, "the relay counts its own datagrams and octets"],
  [/^receiveDelay\b/, "the kernel's receive times are those of datagrams and of connections, not of packets"],
];

/** Every leaf of a report, by its path. An empty object or array has none. */
function* leaves(value: unknown, path = ""): Generator<readonly [path: string, leaf: Leaf]> {
  if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* leaves(inner, path === "" ? key : `${path}.${key}`);
  } else if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean") {
    yield [path, value];
  }
}

/** What the rows of the run say that its report should contain. */
function expectationsOf(report: RunReport, rows: readonly Row[]): Expectations {
  const expected: Expectations = new Map([
    ...countExpectations(rows, report),
    ...lossExpectations(rows),
    ...timeExpectations(rows, report),
    ...clockExpectations(rows, report.plan?.mode === "stamp"),
    ...jitterExpectations(rows),
    ...relayExpectations(report),
  ]);
  for (const [path, judged] of objectiveExpectations(report, expected)) expected.set(path, judged);
  expected.set("verdict.interrupted", exact(report.ended === "interrupted"));
  return expected.set("verdict.valid", exact(report.verdict.reasons.length === 0));
}

function lineOf(name: string, reported: Leaf | undefined, expected: Expected): Line {
  if ("absent" in expected) {
    return { name, reported, recomputed: undefined, result: "not in the file", note: expected.absent };
  }
  const { value, within, because } = expected;
  const isNear =
    typeof value === "number" && typeof reported === "number"
      ? Math.abs(value - reported) <= within
      : value === (reported ?? null);
  const note = because === undefined ? "" : `within ${because}`;
  return { name, reported, recomputed: value, result: isNear ? "equal" : "differs", note };
}

function unexpected(path: string): Expected {
  const known = ELSEWHERE.find(([pattern]) => pattern.test(path));
  return known === undefined ? exact(null) : absent(known[1]);
}

/**
 * A line for each number of the report of one protocol. A number without an expectation differs, unless it is known to
 * come from elsewhere: it has no packets.
 */
export function compareReport(report: RunReport, all: readonly Row[]): Line[] {
  const rows = all.filter(({ protocol }) => protocol === report.protocol);
  const expected = expectationsOf(report, rows);
  const { lostUp, lostDown, unexplained } = report.packets;
  const reported = new Map<string, Leaf>([
    ...leaves(report),
    ["clockSteps.length", report.clockSteps.length],
    ["packets.lostUp + lostDown + unexplained", lostUp + lostDown + unexplained],
  ]);
  const paths = new Set([...reported.keys(), ...expected.keys()]);
  return [...paths]
    .filter((path) => !INPUTS.test(path) && !TEXTS.test(path))
    .map((path) => lineOf(`${report.protocol} ${path}`, reported.get(path), expected.get(path) ?? unexpected(path)));
}
