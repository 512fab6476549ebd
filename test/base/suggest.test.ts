import { describe, expect, test } from "bun:test";
import { didYouMean, suggest } from "../../src/base/suggest.ts";

const KNOWN = ["duration", "count", "rate", "size"];

describe("suggest", () => {
  test.each([
    ["duration", "duration"],
    ["durration", "duration"],
    ["duratoin", "duration"],
    ["cont", "count"],
    ["rat", "rate"],
    ["sizes", "size"],
  ])("suggests for %j the word %j", (word, suggestion) => {
    expect(suggest(word, KNOWN)).toBe(suggestion);
  });

  test.each(["xyz", "protocol", "connections"])("suggests nothing for %j", (word) => {
    expect(suggest(word, KNOWN)).toBeUndefined();
  });

  test("allows one edit for every three letters of a long word, and two for a short one", () => {
    expect(suggest("abcdefghixyz", ["abcdefghi"])).toBe("abcdefghi");
    expect(suggest("abcdefghiwxyz", ["abcdefghijkl"])).toBe("abcdefghijkl");
    expect(suggest("abxyz", ["ab"])).toBeUndefined();
  });

  test("suggests no short word that has no letter of the given one", () => {
    expect(suggest("x", ["ca"])).toBeUndefined();
    expect(suggest("xy", ["ca"])).toBeUndefined();
  });

  test("suggests nothing without known words", () => {
    expect(suggest("rate", [])).toBeUndefined();
  });
});

test("didYouMean asks for the suggestion with its prefix, or is empty", () => {
  expect(didYouMean("durration", KNOWN, "--")).toBe("; did you mean --duration?");
  expect(didYouMean("cont", KNOWN)).toBe("; did you mean count?");
  expect(didYouMean("xyz", KNOWN, "--")).toBe("");
});
