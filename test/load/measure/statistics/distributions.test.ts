import { expect, test } from "bun:test";
import { studentT, varianceExcess } from "../../../../src/load/measure/statistics/distributions.ts";

test("studentT gives the values of the tables", () => {
  // Two-sided 95 %: Abramowitz and Stegun, table 26.10.
  expect(studentT(1)).toBeCloseTo(12.706, 2);
  expect(studentT(2)).toBeCloseTo(4.303, 3);
  expect(studentT(3)).toBeCloseTo(3.182, 3);
  expect(studentT(4) / 2.776).toBeCloseTo(1, 2);
  expect(studentT(10)).toBeCloseTo(2.228, 3);
  expect(studentT(24)).toBeCloseTo(2.064, 3);
  expect(studentT(1e9)).toBeCloseTo(1.96, 3);
});

test("varianceExcess gives chi-square over its degrees", () => {
  // 97.5 %: Abramowitz and Stegun, table 26.8.
  expect(varianceExcess(4) * 4).toBeCloseTo(11.14, 1);
  expect(varianceExcess(10) * 10).toBeCloseTo(20.48, 1);
  expect(varianceExcess(24) * 24).toBeCloseTo(39.36, 1);
});
