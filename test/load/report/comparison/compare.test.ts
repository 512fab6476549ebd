import { expect, test } from "bun:test";
import { random } from "../../../../src/base/random.ts";
import { ONE_PAIR } from "../../../../src/load/measure/statistics/difference.ts";
import { compareReports, limitsOf } from "../../../../src/load/report/comparison/compare.ts";
import { readReports } from "../../../../src/load/report/files/json.ts";
import type { RunReport } from "../../../../src/load/report/report.ts";
import { renderComparison } from "../../../../src/load/report/text/comparison-text.ts";
import { recorderOf, reportOf, reportOn } from "../../support/reports.ts";

/** The report of packets of which 10 % are lost, in bursts of this mean length; the others take 10 to 20 ms. */
function burstyReport(sent: number, burst: number, seed: number): RunReport {
  const draw = random(seed, "test");
  let bad = draw() < 0.1;
  const times = Array.from({ length: sent }, () => {
    bad = burst === 1 ? draw() < 0.1 : bad ? draw() >= 1 / burst : draw() < 0.1 / 0.9 / burst;
    return bad ? undefined : 10 + 10 * draw();
  });
  return reportOn(recorderOf(times));
}

function find(name: string, before: RunReport, after: RunReport) {
  return compareReports([before], [after]).find((change) => change.name === name);
}

test("two samples of the same distribution differ within noise", () => {
  const changes = compareReports([reportOf(2000, 100, 10, 1)], [reportOf(2000, 110, 10, 2)]);
  const significant = changes.filter(({ significance }) => significance === "higher" || significance === "lower");
  expect(significant).toEqual([]);
  expect(find("p99.9", reportOf(2000, 0, 10), reportOf(2000, 0, 10))?.significance).toBe("cannot tell");
});

test("of a single pair values are higher or lower, never better or worse", () => {
  const [good, bad] = [reportOf(2000, 20, 10, 1), reportOf(2000, 100, 13, 2)];
  for (const name of ["loss", "mean", "p50"]) {
    expect(find(name, good, bad)?.significance).toBe("higher");
    expect(find(name, bad, good)?.significance).toBe("lower");
  }
  expect(find("loss", good, bad)?.change).toBe("+400 %");
});

test("a run without losses is compared by the dependence of the other run's losses", () => {
  expect(find("loss", reportOf(2000, 0, 10), reportOf(2000, 100, 10))?.significance).toBe("higher");
  expect(find("loss", reportOf(2000, 100, 10), reportOf(2000, 0, 10))?.significance).toBe("lower");
  expect(find("loss", reportOf(2000, 0, 10), reportOf(2000, 3, 10))?.significance).toBe("cannot tell");
});

test("a percentile over the timeout has no change", () => {
  expect(find("p50", reportOf(2000, 20, 10), reportOf(2000, 1500, 10))).toEqual({
    name: "p50",
    before: expect.stringContaining("ms"),
    after: "> 2 s",
    change: "",
    interval: "",
    degreesOfFreedom: null,
    significance: "cannot tell",
  });
});

test("a report of the first schema is shown and not compared", () => {
  const now = reportOf(2000, 200, 10);
  const first = { ...now, schema: "wirelab.run/1", loss: { ratio: 0.1, low: 0.08, high: 0.12, method: "wilson95" } };
  const [earlier = now] = readReports(JSON.stringify(first)) ?? [];
  const changes = compareReports([earlier], [reportOf(2000, 0, 100)]);
  expect(changes.filter(({ name }) => name !== "rate").map(({ significance }) => significance)).toEqual(
    Array(7).fill("cannot tell"),
  );
  expect(changes.find(({ name }) => name === "p50")?.change).toBe("");
  expect(limitsOf([earlier], [now])).toEqual([expect.stringContaining("wirelab.run/1"), ONE_PAIR]);
  expect(limitsOf([now], [now])).toEqual([ONE_PAIR]);
});

test("of 100 pairs of equal runs at most 10 % have a change, for each value and pattern of losses", () => {
  for (const burst of [1, 5]) {
    const found = new Map<string, number>();
    for (let pair = 0; pair < 100; pair++) {
      const changes = compareReports([burstyReport(1000, burst, 2 * pair)], [burstyReport(1000, burst, 2 * pair + 1)]);
      for (const { name, significance } of changes) {
        if (significance === "higher" || significance === "lower") found.set(name, (found.get(name) ?? 0) + 1);
      }
    }
    for (const [name, count] of found) expect([burst, name, count <= 10]).toEqual([burst, name, true]);
  }
}, 30_000);

test("a comparison is a table for each protocol that both reports have", () => {
  const report = reportOf(2000, 20, 10);
  expect(renderComparison([report], [report])).toContain("0.0 %\n");
  expect(renderComparison([report], [report])).toMatch(
    /^udp +before +after +change\nrate +200\/s +200\/s +0\.0 %\nloss /,
  );
  expect(renderComparison([], [report])).toBe("udp: not in the earlier report");
});

test("runs that are not valid are named below the table", () => {
  const report = reportOf(2000, 20, 10);
  const reasons = ["the run was interrupted after 1 s of 2 s", "the sender was late"];
  const invalid = { ...report, verdict: { valid: false, interrupted: true, reasons } };
  const lines = renderComparison([invalid], [invalid]).split("\n\n").at(-1)?.split("\n");
  expect(lines?.slice(0, 3)).toEqual([
    "udp before: NOT VALID: the run was interrupted after 1 s of 2 s; the sender was",
    "  late",
    "udp after: NOT VALID, see above",
  ]);
  expect(renderComparison([report, invalid], [report, report])).toContain("\nudp before: 1 of 2 runs NOT VALID\n");
  expect(renderComparison([report], [report])).not.toContain("NOT VALID");
});
