import { expect, test } from "bun:test";
import { formatCount, formatRate, formatSeconds, formatShare } from "../../src/base/format.ts";

test("durations have a suitable unit and three significant digits", () => {
  expect([0, 1.2345e-6, 0.00045678, 0.012345, 1.2345, 1234, null].map(formatSeconds)).toEqual([
    "0 µs",
    "1.23 µs",
    "457 µs",
    "12.3 ms",
    "1.23 s",
    "1234 s",
    "–",
  ]);
});

test("counts have thousands separators, rates and shares their unit", () => {
  expect([0, 999, 1234567].map(formatCount)).toEqual(["0", "999", "1,234,567"]);
  expect([0.5, 999.8, 12_000.4].map(formatRate)).toEqual(["0.5/s", "999.8/s", "12,000/s"]);
  expect([0, 0.00762, 0.2].map(formatShare)).toEqual(["0 %", "0.762 %", "20 %"]);
});
