/** What people look at: the live view, charts, comparisons, tables; from known numbers. */
import { describe, expect, test } from "bun:test";
import { formatSeconds } from "../../../src/base/format.ts";
import { LiveView, progressBar, sparkline } from "../../../src/load/cli/progress.ts";
import { Timeline } from "../../../src/load/measure/timeline.ts";
import { parseObjective } from "../../../src/load/plan/objectives.ts";
import { drawChart, escapeHtml, niceTicks } from "../../../src/load/report/chart.ts";
import { compareReports } from "../../../src/load/report/compare.ts";
import { CSV_HEADER, csvRow } from "../../../src/load/report/csv.ts";
import { judgeObjective } from "../../../src/load/report/judge.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { layOut } from "../../../src/load/report/table.ts";
import { EMPTY_SNAPSHOT, reportOf } from "../support/reports.ts";

describe("the live view", () => {
  test("plain lines where nothing can be rewritten", () => {
    const out: string[] = [];
    const view = new LiveView(
      (text) => void out.push(text),
      false,
      () => 80,
    );
    view.show({ ...EMPTY_SNAPSHOT, seconds: 1, sent: 100, answered: 98, p50: 0.0012, max: 0.004 });
    view.show({ ...EMPTY_SNAPSHOT, seconds: 2, sent: 300, answered: 290, lost: 2, failed: 1, p50: 0.002, max: 0.004 });
    view.end();
    expect(out.join("").split("\n")).toEqual([
      "udp       1.0 s       100/s  answered 98  lost 0  p50 1.2 ms  max 4 ms",
      "udp       2.0 s       200/s  answered 290  lost 2  failed 1  p50 2 ms  max 4 ms",
      "",
    ]);
  });

  test("a bar and a sparkline stay at the bottom of a terminal, no wider than it", () => {
    const out: string[] = [];
    const view = new LiveView(
      (text) => void out.push(text),
      true,
      () => 40,
    );
    view.show({ ...EMPTY_SNAPSHOT, seconds: 5, sent: 500, answered: 500, p50: 0.001 });
    view.end();
    expect(out[0]?.startsWith("\r\u001b[Kudp ")).toBe(true);
    const bar = out[0]?.split("\n")[1] ?? "";
    expect(bar.startsWith("[████████████░░░░░░░░░░░░] 50 % of 10 s")).toBe(true);
    expect(bar.length).toBeLessThan(40);
    expect(out.at(-1)).toBe("\r\u001b[K");
  });

  test("bars and sparks", () => {
    expect(progressBar(10, 10)).toBe("[████████████████████████] 100 % of 10 s");
    expect(progressBar(61, Number.POSITIVE_INFINITY)).toBe("61 s, without end");
    expect(sparkline([0, 1, null, 4, 8])).toBe("▁▂ ▅█");
    expect(sparkline([null, null])).toBe("  ");
  });
});

test("CSV rows are differences, and empty where there is no number", () => {
  const columns = CSV_HEADER.split(",").length;
  const first = { ...EMPTY_SNAPSHOT, seconds: 1, planned: 100, sent: 100, answered: 90, lost: 5, p50: 0.001234567 };
  const second = { ...first, seconds: 2, planned: 200, sent: 199, unsent: 1, answered: 180, lost: 9, p50: null };
  expect(csvRow(first, undefined)).toBe("udp,1.000,100,0,100,90,5,0,0,0,0,0,0.00123457,,");
  expect(csvRow(second, first)).toBe("udp,2.000,100,1,99,90,4,0,0,0,0,0,,,");
  expect(csvRow(second, first).split(",").length).toBe(columns);
});

test("a timeline keeps its size and its totals however long the run is", () => {
  const timeline = new Timeline();
  for (let second = 1; second <= 100_000; second++) {
    timeline.add({ ...EMPTY_SNAPSHOT, seconds: second, sent: second * 10, max: second === 54_321 ? 9 : 1 });
  }
  const { points } = timeline;
  expect(points.length).toBeLessThan(1300);
  expect(points.length).toBeGreaterThan(500);
  expect(points.at(-1)).toMatchObject({ seconds: 100_000, sent: 1_000_000 });
  expect(Math.max(...points.map(({ max }) => max ?? 0))).toBe(9);
  expect(points.reduce((sum, { interval }) => sum + interval, 0)).toBe(100_000);
});

describe("charts", () => {
  test("ticks are round and cover what they have to", () => {
    expect(niceTicks(10)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(niceTicks(0.7)).toHaveLength(5);
    expect(niceTicks(0)).toEqual([0, 1]);
  });

  test("points land where they belong, and text cannot break out", () => {
    const svg = drawChart({
      title: "<script>",
      xLabel: "x",
      yLabel: "y",
      series: [
        {
          name: "line",
          points: [
            [0, 0],
            [10, 10],
          ],
        },
      ],
      formatY: String,
    });
    expect(svg).toContain('d="M72.0 232.0L624.0 16.0"');
    expect(svg).not.toContain("<script>");
    expect(escapeHtml(`<a href="x">&'`)).toBe("&#60;a href=&#34;x&#34;&#62;&#38;&#39;");
  });

  test("nothing to draw is said, not drawn", () => {
    expect(drawChart({ title: "t", xLabel: "", yLabel: "", series: [], formatY: String })).toContain("no data");
  });
});

describe("comparison", () => {
  const find = (name: string, before: RunReport, after: RunReport) =>
    compareReports(before, after).find((change) => change.name === name);

  test("the same thing measured twice is noise", () => {
    const changes = compareReports(reportOf(2000, 100, 10, 1), reportOf(2000, 110, 10, 2));
    expect(
      changes.map(({ significance }) => significance).filter((word) => word === "worse" || word === "better"),
    ).toEqual([]);
    expect(find("p99.9", reportOf(2000, 0, 10), reportOf(2000, 0, 10))?.significance).toBe("cannot tell");
  });

  test("what got worse and what got better is told apart", () => {
    const [good, bad] = [reportOf(2000, 20, 10, 1), reportOf(2000, 100, 13, 2)];
    for (const name of ["loss", "mean", "p50"]) {
      expect(find(name, good, bad)?.significance).toBe("worse");
      expect(find(name, bad, good)?.significance).toBe("better");
    }
    expect(find("loss", good, bad)?.change).toBe("+400 %");
  });
});

describe("objectives", () => {
  const judge = (text: string, report: RunReport) => judgeObjective(parseObjective(text), report);

  test("are judged by the edge that speaks against them", () => {
    const report = reportOf(1000, 10, 10);
    const [low, high] = report.responseTime.intervals.p50 ?? [0, 0];
    expect(low).toBeLessThan(high);
    expect(judge(`p50<${high * 1001}ms`, report)).toMatchObject({
      met: true,
      value: report.responseTime.p50,
      edge: high,
    });
    const between = ((report.responseTime.p50 ?? 0) + high) / 2;
    expect(judge(`p50<${between * 1000}ms`, report)).toMatchObject({
      met: false,
      note: expect.stringContaining("a longer run"),
    });
    expect(judge(`p50>${low * 999}ms`, report)).toMatchObject({ met: true, edge: low });
  });

  test("shares, rates and what cannot be known", () => {
    const report = reportOf(1000, 10, 10);
    expect(judge("loss<3%", report)).toMatchObject({ met: true, value: 0.01 });
    expect(judge("loss<1.1%", report)).toMatchObject({ met: false, value: 0.01 });
    expect(judge("loss<0.5%", report).note).toBe(undefined);
    expect(judge("rate>=100", report)).toEqual({ text: "rate>=100", met: true, value: 100, edge: 100 });
    expect(judge("errors<=0.1", report)).toMatchObject({ met: true, value: 0 });
    expect(judge("p999<1h", report)).toMatchObject({ met: false, value: null, edge: null });
    expect(judge("p99.9<1h", report).note).toBe("cannot be judged: p999 needs 3688 answers, there are 990");
  });
});

test("times have the unit that suits them and three digits", () => {
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

test("columns line up", () => {
  expect(
    layOut([
      ["", "a"],
      ["long name", "1"],
      ["x", "100"],
    ]),
  ).toBe("              a\nlong name     1\nx           100");
});
