import { describe, expect, test } from "bun:test";
import {
  count,
  counted,
  duration,
  fixedDigits,
  formatCount,
  formatRate,
  formatSeconds,
  formatShare,
  grouped,
  inline,
  NONE,
  octets,
  percent,
  shortDigits,
} from "../../src/base/format.ts";

describe("digits", () => {
  test("fixedDigits prints three significant digits at every size", () => {
    expect([0, 1, 9.994, 9.995, 99.94, 99.95, 999.4].map(fixedDigits)).toEqual([
      "0.00",
      "1.00",
      "9.99",
      "10.0",
      "99.9",
      "100",
      "999",
    ]);
    expect(fixedDigits(-12.34)).toBe("-12.3");
  });

  test("shortDigits prints up to three significant digits, four from 1,000, without trailing zeros", () => {
    expect([0, 1, 1.5, 1.2345, 123.45, 1234.5].map(shortDigits)).toEqual(["0", "1", "1.5", "1.23", "123", "1235"]);
  });

  test("grouped separates thousands of a rounded number", () => {
    expect([0, 999, 1000, 1_234_567, 999.5].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567", "1,000"]);
  });
});

describe("quantities", () => {
  test.each<[number | null, string, string]>([
    [null, "/s", NONE],
    [0, "", "0"],
    [0.5, "/s", "0.5 /s"],
    [7, "", "7"],
    [9999, "", "9,999"],
    [9999.6, "", "10.0 k"],
    [12_345, "/s", "12.3 k/s"],
    [2.5e6, "packets", "2.50 M packets"],
    [4e9, "", "4.00 G"],
  ])("count(%p, %j) is %j", (value, unit, text) => {
    expect(inline(count(value, unit))).toBe(text);
  });

  test.each<[number | null, string]>([
    [null, NONE],
    [0, "0 %"],
    [0.000_12, "0.01 %"],
    [0.001, "0.1 %"],
    [0.1234, "12.3 %"],
    [0.9996, "100 %"],
    [1, "100 %"],
  ])("percent(%p) is %j", (ratio, text) => {
    expect(inline(percent(ratio))).toBe(text);
  });

  test.each<[number | null | undefined, string]>([
    [null, NONE],
    [undefined, NONE],
    [0, "0.00 µs"],
    [0.000_012_3, "12.3 µs"],
    [0.000_999_4, "999 µs"],
    [0.001, "1.00 ms"],
    [0.25, "250 ms"],
    [1.5, "1.50 s"],
  ])("duration(%p) is %j", (seconds, text) => {
    expect(inline(duration(seconds))).toBe(text);
  });

  test.each<[number | null, string, string]>([
    [null, "/s", NONE],
    [0, "", "0 B"],
    [999, "", "999 B"],
    [1000, "", "1.00 kB"],
    [12.5e6, "/s", "12.5 MB/s"],
    [3e9, "", "3.00 GB"],
  ])("octets(%p, %j) is %j", (value, per, text) => {
    expect(inline(octets(value, per))).toBe(text);
  });

  test("a quantity without a value keeps its unit, for a display that shows it separately", () => {
    expect(count(null, "/s")).toEqual({ value: NONE, unit: "/s" });
    expect(octets(null, "/s")).toEqual({ value: NONE, unit: "B/s" });
  });
});

describe("text", () => {
  test("formatSeconds prints a duration without trailing zeros", () => {
    expect([null, 0.000_412, 0.02, 1.5].map(formatSeconds)).toEqual([NONE, "412 µs", "20 ms", "1.5 s"]);
  });

  test("a duration that rounds to the next unit is in that unit", () => {
    expect([0.000_999_96, 0.000_999_4, 0.999_96, -0.000_999_96].map(formatSeconds)).toEqual([
      "1 ms",
      "999 µs",
      "1 s",
      "-1 ms",
    ]);
    expect([0.000_999_96, 0.999_96].map((seconds) => inline(duration(seconds)))).toEqual(["1.00 ms", "1.00 s"]);
  });

  test("counted has the noun in the singular for one", () => {
    expect([0, 1, 2000].map((count) => counted(count, "answer"))).toEqual(["0 answers", "1 answer", "2,000 answers"]);
    expect(counted(2, "query", "queries")).toBe("2 queries");
  });

  test("formatShare prints a percentage with up to three significant digits", () => {
    expect([0, 0.2, 0.012_345, 1].map(formatShare)).toEqual(["0 %", "20 %", "1.23 %", "100 %"]);
  });

  test("formatCount and formatRate print thousands separators", () => {
    expect([0, 12_345.6].map(formatCount)).toEqual(["0", "12,346"]);
    expect([0, 0.123_45, 999.94, 12_345.6].map(formatRate)).toEqual(["0/s", "0.1235/s", "999.9/s", "12,346/s"]);
  });
});
