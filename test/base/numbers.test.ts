import { expect, test } from "bun:test";
import { clamp } from "../../src/base/numbers.ts";

test("clamp limits a value to a range; an empty range gives its minimum", () => {
  expect([-1, 0, 0.5, 1, 2].map((value) => clamp(value, 0, 1))).toEqual([0, 0, 0.5, 1, 1]);
  expect(clamp(5, 3, 1)).toBe(3);
});
