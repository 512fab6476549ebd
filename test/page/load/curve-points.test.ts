/** Percentile curves on their stretched axis. */
import { expect, test } from "bun:test";
import { curveColumns, overText, positionOf, TICKS } from "../../../src/page/load/curve-points.ts";
import { reportOf } from "../../load/support/reports.ts";

test.each([
  ["0", 0],
  ["50 %", 0.5],
  ["90 %", 0.9],
  ["99 %", 0.99],
  ["99.9 %", 0.999],
  ["99.99 %", 0.9999],
  ["99.999 %", 0.99999],
])("the axis has a label at %s", (label, quantile) => {
  const nearest = [...TICKS.keys()].find((x) => Math.abs(x - positionOf(quantile)) < 0.001);
  expect(TICKS.get(nearest ?? -1)).toBe(label);
});

test("curves share the x column; between two points a value is interpolated on the logarithmic y axis", () => {
  const { xs, columns } = curveColumns([
    [
      [0, 0.001],
      [0.99, 0.1],
    ],
    [[0.9, 0.5]],
  ]);
  expect(xs.map((x) => Number(x.toFixed(9)))).toEqual([0, 1, 2]);
  const [first, second] = columns;
  expect(first?.map((value) => value && Number(value.toFixed(9)))).toEqual([0.001, 0.01, 0.1]);
  expect(second).toEqual([null, 0.5, null]);
});

test("the text of a curve says where the response time is over the timeout", () => {
  const report = reportOf(1000, 600, 1);
  expect(overText(report)).toBe("> 2 s above 40 % of the packets sent");
  expect(overText({ ...report, plan: null })).toBe("> 2 s above 40 % of the packets sent");
  expect(overText(reportOf(1000, 0, 1))).toBeUndefined();
});
