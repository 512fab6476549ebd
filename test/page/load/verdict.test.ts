/** The verdict of a run in the words of the page. */
import { expect, test } from "bun:test";
import { parseObjective } from "../../../src/load/plan/objectives.ts";
import { withObjectives } from "../../../src/load/report/judge.ts";
import { judgementLines, verdictText } from "../../../src/page/load/verdict.ts";
import { reportOf } from "../../load/support/reports.ts";

const report = reportOf(1000, 0, 10);

test.each([
  ["✓ valid", "completed", true],
  ["✓ valid", "interrupted", true], // a run without an end of its own
  ["✕ not valid", "completed", false],
  ["✕ interrupted", "interrupted", false],
  ["✕ gave up", "gave-up", false],
  ["✕ not valid", null, false],
] as const)("%s: a run that was %s, valid: %p", (text, ended, valid) => {
  expect(verdictText({ ended, verdict: { valid } })).toBe(text);
});

test("an objective that is met by a run that is not valid is not called met alone", () => {
  const objectives = [parseObjective("loss<50%"), parseObjective("mean<1ms")];
  const judged = withObjectives(report, objectives);
  expect(judgementLines(judged)[0]).toStartWith("objective loss<50%: met: 0 %");
  const late = { ...report, verdict: { ...report.verdict, valid: false, reasons: ["late"] } };
  const [loss, mean, reason] = judgementLines(withObjectives(late, objectives));
  expect(loss).toStartWith("objective loss<50%: met, but the run is not valid: 0 %");
  expect(mean).toStartWith("objective mean<1ms: MISSED: ");
  expect(reason).toBe("late");
});

test("the remedies of a run that is not valid name the fields of the form", () => {
  const reasons = [
    "late; lower --rate, or free a processor core for it",
    "the accounting was full; lower --rate or --wait",
    "too few; raise --duration",
    "full; raise --connections, or a smaller --size",
  ];
  expect(judgementLines({ objectives: [], verdict: { valid: false, interrupted: false, reasons } })).toEqual([
    "late; lower rate, or free a processor core for it",
    "the accounting was full; lower rate or waiting time",
    "too few; raise duration",
    "full; raise connections, or a smaller size",
  ]);
});
