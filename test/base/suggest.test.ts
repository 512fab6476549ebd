import { expect, test } from "bun:test";
import { didYouMean, suggest } from "../../src/base/suggest.ts";

test("suggest returns the nearest word, if one is near", () => {
  expect(suggest("durration", ["duration", "count"])).toBe("duration");
  expect(suggest("xyz", ["duration", "count"])).toBe(undefined);
});

test("didYouMean is a question to append to an error, or empty", () => {
  expect(didYouMean("prot", ["proto", "rate"], "--")).toBe("; did you mean --proto?");
  expect(didYouMean("xyz", ["proto", "rate"])).toBe("");
});
