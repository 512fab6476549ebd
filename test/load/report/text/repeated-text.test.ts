import { expect, test } from "bun:test";
import type { RunReport } from "../../../../src/load/report/report.ts";
import { renderRepeated } from "../../../../src/load/report/text/repeated-text.ts";
import { reportOf } from "../../support/reports.ts";

/** Wide enough for one table. */
const WIDE = { columns: 160, colour: false };

function render(reports: RunReport[]): string {
  return renderRepeated(reports, WIDE);
}

const BASE = reportOf(2000, 20, 10);

/** The reports of runs with these means, ms. */
function runsOf(means: readonly number[], changes: Partial<RunReport> = {}): RunReport[] {
  return means.map((mean, index) => ({
    ...BASE,
    ...changes,
    responseTime: { ...BASE.responseTime, mean: mean / 1000 },
    repetition: { index: index + 1, of: means.length },
  }));
}

/** The cells of the row with this label. */
function row(text: string, label: string): string[] {
  const line = text.split("\n").find((row) => row.startsWith(label)) ?? "";
  return line.slice(label.length).trim().split(/ {2,}/);
}

test("the table has a row for each run, and the mean with its 95 % interval", () => {
  const text = render(runsOf([1, 2, 3, 4, 5]));
  expect(row(text, "run 4").slice(0, 6)).toEqual(["2,000", "1,980", "20", "200/s", "1 %", "4 ms"]);
  // Mean 3, s 1.581, t(4) 2.776: 3 ± 1.963. The rate and the loss are equal in all runs.
  expect(row(text, "mean over runs").slice(0, 3)).toEqual(["200/s", "1 %", "3 ms"]);
  expect(row(text, "  95 % from").slice(0, 3)).toEqual(["–", "–", "1.04 ms"]);
  expect(row(text, "  95 % to").slice(0, 3)).toEqual(["–", "–", "4.96 ms"]);
  expect(row(text, "  standard deviation").slice(0, 3)).toEqual(["0/s", "0 %", "1.58 ms"]);
  expect(text).toEndWith("\nudp: 5 of 5 runs completed, 9,900 of 10,000 answered, 1 % lost; all valid\n");
});

test("a percentile that is over the timeout in one run is over the timeout in the mean, without an interval", () => {
  const [first = BASE, second = BASE] = runsOf([1, 2]);
  const slow = { ...second, responseTime: { ...second.responseTime, p99: null, over: { p99: 2 } } };
  const text = render([first, slow]);
  const p99 = (label: string) => row(text, label).at(-2);
  expect([p99("run 2"), p99("mean over runs")]).toEqual(["> 2 s", "> 2 s"]);
  expect([p99("  95 % from"), p99("  95 % to"), p99("  standard deviation")]).toEqual(["–", "–", "–"]);
});

test("a run that was not completed is listed and not part of the mean", () => {
  const [first = BASE, second = BASE, third = BASE] = runsOf([1, 3, 100]);
  const text = render([first, second, { ...third, ended: "interrupted" }]);
  expect(row(text, "run 3, interrupted")).toContain("100 ms");
  expect(row(text, "mean over runs")).toContain("2 ms");
  expect(text).toContain("udp: 2 of 3 runs completed, ");
  expect(render([{ ...first, ended: "interrupted" }])).not.toMatch(/mean over runs|95 %/);
});
