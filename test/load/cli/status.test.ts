import { expect, test } from "bun:test";
import { exitStatus, STATUS } from "../../../src/load/cli/status.ts";
import { parseObjective } from "../../../src/load/plan/objectives.ts";
import { withObjectives } from "../../../src/load/report/judge.ts";
import { reportOf } from "../support/reports.ts";

const met = withObjectives(reportOf(1000, 0, 1), [parseObjective("loss<5%")]);
const missed = withObjectives(reportOf(1000, 100, 1), [parseObjective("loss<5%")]);
const nothing = reportOf(10, 10, 1);

test("the status is that of the worst report", () => {
  expect(exitStatus([met, met], false)).toBe(STATUS.done);
  expect(exitStatus([met, missed], false)).toBe(STATUS.missed);
  expect(exitStatus([missed, nothing, met], false)).toBe(STATUS.nothing);
  expect(exitStatus([nothing], true)).toBe(STATUS.interrupted);
});

test("--require-valid gives a run that is not valid a status of its own, whatever its objectives are", () => {
  const invalid = (report: typeof met) => ({
    ...report,
    verdict: { ...report.verdict, valid: false, reasons: ["late"] },
  });
  expect(exitStatus([met, invalid(met)], false)).toBe(STATUS.done);
  expect(exitStatus([met, invalid(met)], false, true)).toBe(STATUS.invalid);
  expect(exitStatus([invalid(missed)], false, true)).toBe(STATUS.invalid);
  expect(exitStatus([met, met], false, true)).toBe(STATUS.done);
  expect(exitStatus([invalid(nothing)], false, true)).toBe(STATUS.nothing);
  expect(exitStatus([invalid(met)], true, true)).toBe(STATUS.interrupted);
});
