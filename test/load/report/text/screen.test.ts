/** The lines and the colours of a text report. */
import { describe, expect, test } from "bun:test";
import { paint, widthOf, wrap } from "../../../../src/load/report/text/screen.ts";
import { beside, layOut } from "../../../../src/load/report/text/table.ts";

describe("wrap", () => {
  test("begins the first line and the others as told, and breaks no word", () => {
    expect(wrap("one two three four", 9, "- ", "  ")).toBe("- one two\n  three\n  four");
    expect(wrap("incomprehensibilities of it", 5)).toBe("incomprehensibilities\nof it");
  });

  test("does not part a number from its unit, its sign or the name of its percentile", () => {
    expect(wrap("a p99 12 ms, b 5 % c", 6)).toBe("a\np99 12 ms,\nb 5 %\nc");
    expect(wrap("x > 2 s y × 3 z", 5)).toBe("x > 2 s\ny × 3\nz");
  });

  test("does not count colours", () => {
    const met = paint({ columns: 80, colour: true }, "good", "met");
    expect(widthOf(met)).toBe(3);
    expect(Bun.stripANSI(wrap(`is ${met} by it`, 6))).toBe("is met\nby it");
  });
});

describe("a table that is too wide", () => {
  const rows = [
    ["", "p50", "p99", "max"],
    ["udp", "1 ms", "22 ms", "333 ms"],
  ];

  test("has narrower gaps", () => {
    expect(layOut(rows, 24)).toBe("      p50    p99     max\nudp  1 ms  22 ms  333 ms");
    expect(layOut(rows, 22)).toBe("     p50   p99    max\nudp 1 ms 22 ms 333 ms");
  });

  test("has its last columns below the others", () => {
    expect(layOut(rows, 17)).toBe("      p50    p99\nudp  1 ms  22 ms\n\n        max\nudp  333 ms");
  });
});

test("blocks are side by side as far as they fit", () => {
  expect(beside(["a\nbb", "c", "d"], 8)).toBe("a     c\nbb\n\nd");
});
