import { expect, test } from "bun:test";
import {
  alternatives,
  parseDuration,
  parseHeader,
  parseMethod,
  parseStages,
  readNumber,
} from "../../../src/load/plan/values.ts";

test("durations have units; a number alone is in seconds", () => {
  expect(["200ms", "10s", "5m", "1h", "2"].map((text) => parseDuration("timeout", text))).toEqual([
    0.2, 10, 300, 3600, 2,
  ]);
  // As printed, without a rounding error of the multiplication.
  expect(String(parseDuration("timeout", "50us"))).toBe("0.00005");
  expect(parseDuration("duration", "forever")).toBe(Number.POSITIVE_INFINITY);
});

test("numbers may have a suffix or an exponent", () => {
  expect(["10", "1.5k", "2M", "1e6", "-1", "k"].map(readNumber)).toEqual([10, 1500, 2e6, 1e6, undefined, undefined]);
});

test("stages are ramps and steps", () => {
  expect(parseStages("0-1000/30s,1000/1m,1k-0/500ms")).toEqual([
    { from: 0, to: 1000, seconds: 30 },
    { from: 1000, to: 1000, seconds: 60 },
    { from: 1000, to: 0, seconds: 0.5 },
  ]);
});

test.each(["", "5", "5/", "a/5s", "1-2-3/5s", "5/0s", "5/5s,"])('"%s" is not a list of stages', (text) => {
  expect(() => parseStages(text)).toThrow("is not a stage");
});

test("a header field is one name and one value", () => {
  expect(parseHeader("X-A: b: c")).toEqual(["X-A", "b: c"]);
  for (const text of ["X-A", "X A: b", "X-A: b\r\nX-B: c", ": x"]) expect(() => parseHeader(text)).toThrow("expected");
});

test("a method is letters, in upper case", () => {
  expect(parseMethod("put")).toBe("PUT");
  expect(() => parseMethod("GET /")).toThrow("expected a name such as GET");
});

test("alternatives are joined for a sentence", () => {
  expect([["a"], ["a", "b"], ["a", "b", "c"]].map(alternatives)).toEqual(["a", "a or b", "a, b or c"]);
});
