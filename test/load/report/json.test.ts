import { expect, test } from "bun:test";
import { jsonOf, readReports } from "../../../src/load/report/json.ts";
import { reportOf } from "../support/reports.ts";

const report = reportOf(100, 10, 1);

test("one report is an object, several are an array, and both are read back", () => {
  expect(JSON.parse(jsonOf([report]))).toMatchObject({ schema: "wirelab.run/1", packets: { sent: 100, lost: 10 } });
  for (const reports of [[report], [report, report]]) expect(readReports(jsonOf(reports))).toEqual(reports);
});

test("any other text is not a report", () => {
  for (const text of ["", "{}", "[]", "null", '{"schema":"wirelab.run/9"}', `[${jsonOf([report])},{}]`]) {
    expect(readReports(text)).toBe(undefined);
  }
});
