import { expect, test } from "bun:test";
import { Histogram } from "../../src/load/measure/histograms/histogram.ts";
import { curveOf } from "../../src/runs/detail.ts";
import { makeRun } from "./support.ts";

test("a percentile curve rises from the minimum to the maximum", async () => {
  const { report, detail } = await makeRun();
  const { curve } = detail;
  const { min, max } = report.responseTime;
  // The report and the curve convert the same times to seconds in two ways, which round differently in the last digit.
  expect(curve[0]?.[0]).toBe(0);
  expect(curve[0]?.[1]).toBeCloseTo(min ?? 0, 12);
  expect(curve.at(-1)?.[0]).toBe(1 - 1 / 21);
  expect(curve.at(-1)?.[1]).toBeCloseTo(max ?? 0, 12);
  for (let i = 1; i < curve.length; i++) {
    expect(curve[i]?.[0] ?? 0).toBeGreaterThan(curve[i - 1]?.[0] ?? 1);
    expect(curve[i]?.[1] ?? 0).toBeGreaterThanOrEqual(curve[i - 1]?.[1] ?? 1);
  }
});

test("a curve has eight points in each decade of 1 - quantile that the number of answers supports", () => {
  const histogram = new Histogram();
  for (let i = 0; i < 999; i++) histogram.record(0.001);
  const quantiles = curveOf(histogram, 999).map(([quantile]) => quantile);
  expect(quantiles).toHaveLength(25); // 3 decades of 8 points; the last one is that of the maximum
  expect(quantiles[8]).toBeCloseTo(0.9, 9);
  expect(quantiles[16]).toBeCloseTo(0.99, 9);
  expect(quantiles.at(-1)).toBe(0.999);
});

test("a curve ends where the unanswered packets begin", () => {
  const histogram = new Histogram();
  for (let i = 1; i <= 60; i++) histogram.record(i);
  const curve = curveOf(histogram, 100);
  expect(curve.at(-1)).toEqual([60 / 101, 0.06]);
  expect(curve.find(([quantile]) => quantile > 0.43 && quantile < 0.44)?.[1]).toBeCloseTo(0.044, 4);
});

test("a run without answers has an empty curve", () => {
  expect(curveOf(new Histogram(), 20)).toEqual([]);
});

test("the explanation of a run has a paragraph for each number", async () => {
  const { detail } = await makeRun();
  expect(detail.explanation.split("\n\n").length).toBeGreaterThan(5);
});
