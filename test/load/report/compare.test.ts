import { expect, test } from "bun:test";
import { compareReports, renderComparison } from "../../../src/load/report/compare.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { reportOf } from "../support/reports.ts";

function find(name: string, before: RunReport, after: RunReport) {
  return compareReports(before, after).find((change) => change.name === name);
}

test("two samples of the same distribution differ within noise", () => {
  const changes = compareReports(reportOf(2000, 100, 10, 1), reportOf(2000, 110, 10, 2));
  const significant = changes.filter(({ significance }) => significance === "worse" || significance === "better");
  expect(significant).toEqual([]);
  expect(find("p99.9", reportOf(2000, 0, 10), reportOf(2000, 0, 10))?.significance).toBe("cannot tell");
});

test("more loss and longer times are worse, less loss and shorter times are better", () => {
  const [good, bad] = [reportOf(2000, 20, 10, 1), reportOf(2000, 100, 13, 2)];
  for (const name of ["loss", "mean", "p50"]) {
    expect(find(name, good, bad)?.significance).toBe("worse");
    expect(find(name, bad, good)?.significance).toBe("better");
  }
  expect(find("loss", good, bad)?.change).toBe("+400 %");
});

test("a comparison is a table for each protocol that both reports have", () => {
  const report = reportOf(2000, 20, 10);
  expect(renderComparison([report], [report])).toMatch(
    /^udp +before +after +change\nrate +200\/s +200\/s +0\.0 %\nloss /,
  );
  expect(renderComparison([], [report])).toBe("udp: not in the earlier report\n");
});
