import { expect, test } from "bun:test";
import { Timeline } from "../../../src/load/measure/timeline.ts";
import { EMPTY_SNAPSHOT } from "../support/reports.ts";

test("a timeline has a bounded size, and keeps totals, lengths and the highest value", () => {
  const timeline = new Timeline();
  for (let second = 1; second <= 100_000; second++) {
    timeline.add({ ...EMPTY_SNAPSHOT, seconds: second, sent: second * 10, max: second === 54_321 ? 9 : 1 });
  }
  const { points } = timeline;
  expect(points.length).toBeLessThan(1300);
  expect(points.length).toBeGreaterThan(500);
  expect(points.at(-1)).toMatchObject({ seconds: 100_000, sent: 1_000_000 });
  expect(Math.max(...points.map(({ max }) => max ?? 0))).toBe(9);
  expect(points.reduce((sum, { interval }) => sum + interval, 0)).toBe(100_000);
});

test("a percentile that is over the timeout in one of two merged intervals is over it in both", () => {
  const timeline = new Timeline();
  for (let second = 1; second <= 2400; second++) {
    timeline.add({ ...EMPTY_SNAPSHOT, seconds: second, ...(second === 1 ? { over: { p50: 2 } } : { p50: 0.5 }) });
  }
  const [first, second] = timeline.points;
  expect(first).toMatchObject({ p50: null, over: { p50: 2 } });
  expect(second).toMatchObject({ p50: 0.5, over: {} });
});
