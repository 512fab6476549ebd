/** The places of the shapes at the ends of lines. */
import { expect, test } from "bun:test";
import { spread } from "../../../src/page/ui/chart-ends.ts";

test.each<[string, number[], number[]]>([
  ["stay where they are if they are apart", [80, 10, 45], [80, 10, 45]],
  ["are moved apart, in the same order", [50, 51, 50], [50, 70, 60]],
  ["stay above the lower edge", [100, 100, 98], [90, 100, 80]],
  ["stay below the upper edge", [-5, 0], [0, 10]],
  ["may be none", [], []],
])("shapes %s", (_, positions, expected) => {
  expect(spread(positions, 10, 0, 100)).toEqual(expected);
});
