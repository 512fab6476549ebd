import { expect, test } from "bun:test";
import { drawChart, escapeHtml, niceTicks } from "../../../../src/load/report/files/chart.ts";

const LINE = {
  name: "line",
  points: [
    [0, 0],
    [10, 10],
  ],
} as const;

test("ticks are round and cover all values", () => {
  expect(niceTicks(10)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(niceTicks(0.7)).toHaveLength(5);
  expect(niceTicks(0)).toEqual([0, 1]);
});

test("points are placed on the scales of the axes", () => {
  const svg = drawChart({ title: "t", xLabel: "x", yLabel: "y", series: [LINE], formatY: String });
  expect(svg).toContain('d="M72.0 232.0L624.0 16.0"');
});

test("a line has gaps at missing and infinite values; infinite ones are marks at the upper edge, named in the legend", () => {
  const points = [
    [0, 1],
    [1, 2],
    [2, null],
    [3, 2],
    [4, Number.POSITIVE_INFINITY],
    [5, 1],
    [6, 2],
  ] as const;
  const series = [{ name: "line", points }];
  const svg = drawChart({ title: "t", xLabel: "x", yLabel: "y", series, formatY: String, infinite: "over 2 s" });
  expect(svg.match(/class="line s0"/g)).toHaveLength(2);
  expect(svg.match(/<circle class="dot s0"/g)).toHaveLength(1);
  expect(svg.match(/<path class="dot s0"/g)).toHaveLength(1);
  expect(svg).toContain('<path class="dot s0" d="M436.0 9h8l-4 -7z"/>');
  expect(svg).toContain('<li class="mark">▲ over 2 s</li>');
});

test("text is escaped", () => {
  const svg = drawChart({ title: "<script>", xLabel: "x", yLabel: "y", series: [LINE], formatY: String });
  expect(svg).not.toContain("<script>");
  expect(escapeHtml(`<a href="x">&'`)).toBe("&#60;a href=&#34;x&#34;&#62;&#38;&#39;");
});

test("several series have a legend, without those that are empty", () => {
  const series = [LINE, { name: "empty", points: [] }, { name: "gap", points: [[0, null]] as const }];
  const svg = drawChart({ title: "t", xLabel: "x", yLabel: "y", series, formatY: String });
  expect(svg).toContain('<ul><li class="s0">line</li></ul>');
});

test("a chart without data is a note", () => {
  expect(drawChart({ title: "t", xLabel: "", yLabel: "", series: [], formatY: String })).toBe(
    "<figure><figcaption>t</figcaption><p>no data</p></figure>",
  );
});
