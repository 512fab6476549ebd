import { expect, test } from "bun:test";
import { inDisplayedUnit } from "../../../src/page/ui/displayed-range.ts";

test("the range of an error is in the unit of the field", () => {
  const text = "drop.up: not allowed; allowed: a number from 0 to 1";
  expect(inDisplayedUnit(text, 0.01, "%")).toBe("drop.up: not allowed; allowed: a number from 0 to 100 %");
  expect(inDisplayedUnit("allowed: a number from 1e-9 to 1", 0.01, "%")).toBe("allowed: a number from 1e-7 to 100 %");
  expect(inDisplayedUnit("allowed: a number from 0.07 to 0.29", 0.01, "%")).toBe("allowed: a number from 7 to 29 %");
  expect(inDisplayedUnit(text, 1, "ms")).toBe(text);
  expect(inDisplayedUnit("the lab cannot be reached", 0.01, "%")).toBe("the lab cannot be reached");
});
