/** Numbers as text. */
import { describe, expect, test } from "bun:test";
import { count, duration, inline, octets, percent } from "../../src/base/format.ts";

describe("quantities", () => {
  test.each([
    ["0 /s", count(0, "/s")],
    ["0.4 /s", count(0.4, "/s")],
    ["1,234 /s", count(1234, "/s")],
    ["123 k/s", count(123_456, "/s")],
    ["–", count(null, "/s")],
    ["20.0 %", percent(0.2)],
    ["0.04 %", percent(0.0004)],
    ["100 %", percent(1)],
    ["0 %", percent(0)],
    ["–", percent(null)],
    ["4.20 µs", duration(0.000_004_2)],
    ["1.00 ms", duration(0.000_999_9)],
    ["25.6 ms", duration(0.0256)],
    ["1.50 s", duration(1.5)],
    ["–", duration(null)],
    ["999 B", octets(999)],
    ["1.06 kB/s", octets(1060, "/s")],
    ["12.3 MB", octets(12_345_678)],
  ])("%s", (text, quantity) => {
    expect(inline(quantity)).toBe(text);
  });
});
