import { expect, test } from "bun:test";
import { CSV_HEADER, csvRow } from "../../../../src/load/report/files/csv.ts";
import { EMPTY_SNAPSHOT } from "../../support/reports.ts";

test("a row has the counts of its interval, and empty cells for missing numbers", () => {
  const first = { ...EMPTY_SNAPSHOT, seconds: 1, planned: 100, sent: 100, answered: 90, lost: 5, p50: 0.001234567 };
  const second = { ...first, seconds: 2, planned: 200, sent: 199, unsent: 1, answered: 180, lost: 9, p50: null };
  expect(csvRow(first, undefined)).toBe("udp,1.000,100,0,0,100,90,5,0,0,0,0,0,0.00123457,,,");
  expect(csvRow(second, first)).toBe("udp,2.000,100,1,0,99,90,4,0,0,0,0,0,,,,");
  expect(csvRow(second, first).split(",").length).toBe(CSV_HEADER.split(",").length);
});

test("a percentile over the timeout is inf, and the columns of a row add up", () => {
  const first = { ...EMPTY_SNAPSHOT, seconds: 1, planned: 10, unsent: 1, refused: 2, sent: 7, answered: 2, lost: 5 };
  const row = csvRow({ ...first, over: { p50: 2, p95: 2 }, max: 0.25 }, undefined);
  expect(row).toBe("udp,1.000,10,1,2,7,2,5,0,0,0,0,0,inf,,0.25,inf");
  const names = CSV_HEADER.split(",");
  const cell = (name: string) => Number(row.split(",")[names.indexOf(name)]);
  expect(cell("planned")).toBe(cell("sent") + cell("unsent") + cell("refused"));
  expect(cell("sent")).toBe(cell("answered") + cell("lost") + cell("late") + cell("failed") + cell("corrupt"));
});
