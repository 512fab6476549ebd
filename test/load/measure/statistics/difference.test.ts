import { expect, test } from "bun:test";
import { difference } from "../../../../src/load/measure/statistics/difference.ts";
import { wilson } from "../../../../src/load/measure/statistics/estimates.ts";

test("difference gives the published interval of two shares", () => {
  // Newcombe 1998 (Statistics in Medicine 17, 873), table II, method 10: 56/70 less 48/80.
  const before = { value: 48 / 80, ...wilson(48, 80) };
  const after = { value: 56 / 70, ...wilson(56, 70) };
  const { value, low, high } = difference(before, after) ?? { value: 0, low: 0, high: 0 };
  expect([value, low, high].map((edge) => Number(edge.toFixed(4)))).toEqual([0.2, 0.0524, 0.3339]);
});

test("difference has the sign of the change", () => {
  const [one, two] = [
    { value: 1, low: 0.9, high: 1.1 },
    { value: 2, low: 1.8, high: 2.2 },
  ];
  expect(difference(one, two)?.low).toBeGreaterThan(0);
  expect(difference(two, one)?.high).toBeLessThan(0);
  expect(difference(one, one)?.value).toBe(0);
});

test("an open interval has no difference", () => {
  const open = { value: 2, low: 1.8, high: Number.POSITIVE_INFINITY };
  expect(difference(open, { value: 1, low: 0.9, high: 1.1 })).toBe(undefined);
});
