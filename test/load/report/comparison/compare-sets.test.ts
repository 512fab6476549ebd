/** Comparisons of sets of repeated runs. */
import { describe, expect, test } from "bun:test";
import { random } from "../../../../src/base/random.ts";
import { ONE_PAIR } from "../../../../src/load/measure/statistics/difference.ts";
import { compareAlternating, compareReports, limitsOf } from "../../../../src/load/report/comparison/compare.ts";
import { readReports } from "../../../../src/load/report/files/json.ts";
import type { RunReport } from "../../../../src/load/report/report.ts";
import type { Side } from "../../../../src/load/report/report-plan.ts";
import { renderComparison } from "../../../../src/load/report/text/comparison-text.ts";
import { reportOf } from "../../support/reports.ts";

const BASE = reportOf(2000, 10, 10);

/** A standard normal number, by the method of Box and Muller. */
function normal(draw: () => number): number {
  return Math.sqrt(-2 * Math.log1p(-draw())) * Math.cos(2 * Math.PI * draw());
}

/** A report whose times and loss are those of `BASE`, scaled by `factor`. */
function scaled(factor: number): RunReport {
  const { responseTime, loss } = BASE;
  const time = (seconds: number | null) => seconds && seconds * factor;
  const { mean, p50, p90, p99, p999 } = responseTime;
  const times = { mean: time(mean), p50: time(p50), p90: time(p90), p99: time(p99), p999: time(p999) };
  return { ...BASE, responseTime: { ...responseTime, ...times }, loss: { ...loss, ratio: loss.ratio * factor } };
}

/** Runs whose conditions differ from run to run by a standard deviation of `spread`, about a mean of `factor`. */
function setOf(runs: number, spread: number, seed: number, factor = 1): RunReport[] {
  const draw = random(seed, "conditions");
  return Array.from({ length: runs }, () => scaled(factor + spread * normal(draw)));
}

/** How many of 500 pairs of sets of 5 runs are called changed, by value and verdict. */
function countChanges(spread: number, factor: number) {
  const counts: Record<string, number> = {};
  for (let pair = 0; pair < 500; pair++) {
    const changes = compareReports(setOf(5, spread, 2 * pair), setOf(5, spread, 2 * pair + 1, factor));
    for (const { name, significance } of changes) {
      counts[`${name} ${significance}`] = (counts[`${name} ${significance}`] ?? 0) + 1;
    }
  }
  return (name: string, significance: string) => counts[`${name} ${significance}`] ?? 0;
}

const NAMES = ["loss", "mean", "p50", "p90", "p99"];

describe("sets of 5 runs", () => {
  test("that are equal are called changed in 5 ± 3 % of 500 pairs", () => {
    const count = countChanges(0.1, 1);
    for (const name of NAMES) {
      const changed = (count(name, "better") + count(name, "worse")) / 500;
      expect([name, changed <= 0.08]).toEqual([name, true]);
      expect([name, count(name, "within noise") + changed * 500]).toEqual([name, 500]);
    }
    expect((count("mean", "better") + count("mean", "worse")) / 500).toBeGreaterThanOrEqual(0.02);
  });

  test("that differ by twice the spread between runs are called worse, or better in the other direction", () => {
    const [more, less] = [countChanges(0.1, 1.2), countChanges(0.1, 0.8)];
    for (const name of NAMES.slice(1)) {
      // The power of the t-test at 2 standard deviations and 8 degrees of freedom is 79 %.
      expect([name, more(name, "worse") > 350, more(name, "better")]).toEqual([name, true, 0]);
      expect([name, less(name, "better") > 350, less(name, "worse")]).toEqual([name, true, 0]);
    }
  });

  test("have the degrees of freedom and the interval of the difference", () => {
    const before = [0.9, 0.95, 1, 1.05, 1.1].map(scaled);
    const after = [1.8, 1.9, 2, 2.1, 2.2].map(scaled);
    const [, , mean] = compareReports(before, after);
    // Variances in a ratio of 1 to 4: (1 + 4)² / (1 / 4 + 16 / 4).
    expect(mean?.degreesOfFreedom).toBeCloseTo(25 / 4.25, 6);
    expect(mean).toMatchObject({ name: "mean", change: "+100 %", significance: "worse" });
    expect(mean?.interval).toMatch(/^[\d.]+ ms to [\d.]+ ms$/);
  });

  test("are a table with the number of runs, intervals and degrees of freedom", () => {
    const text = renderComparison(setOf(5, 0.1, 1), setOf(4, 0.1, 2, 2));
    expect(text).toMatch(/^udp +before, 5 runs +after, 4 runs +change +95 % interval +df\nrate /);
    expect(text).toMatch(/^mean +[\d.]+ ms +[\d.]+ ms +\+\d+ % +[\d.]+ ms to [\d.]+ ms +\d\.\d +worse$/m);
    expect(text).toContain("Welch");
    expect(text).not.toContain(ONE_PAIR);
  });
});

test("with a single run on one side, values are only higher or lower", () => {
  const set = [0.98, 1, 1.02, 0.99, 1.01].map(scaled);
  const verdict = (before: RunReport[], after: RunReport[]) =>
    compareReports(before, after).find(({ name }) => name === "mean")?.significance;
  expect(verdict([scaled(2)], set)).toBe("lower");
  expect(verdict(set, [scaled(2)])).toBe("higher");
  expect(verdict(set, [scaled(1.01)])).toBe("within noise of the runs");
  expect(limitsOf(set, [BASE])).toEqual([ONE_PAIR]);
});

test("runs that happen to be equal do not show that a small change is significant", () => {
  const lossy = (lost: number) => ({ ...BASE, loss: { ...BASE.loss, ratio: lost / 2000 } });
  const verdict = (before: RunReport[], after: RunReport[]) =>
    compareReports(before, after).find(({ name }) => name === "loss")?.significance;
  expect(verdict(Array(5).fill(lossy(0)), Array(5).fill(lossy(1)))).toBe("within noise");
  expect(verdict(Array(5).fill(lossy(0)), Array(5).fill(lossy(2000)))).toBe("worse");
  expect(verdict(Array(5).fill(lossy(0)), Array(5).fill(lossy(0)))).toBe("within noise");
  expect(compareReports([BASE, BASE], [scaled(1.0005), scaled(1.0005)])[2]?.significance).toBe("within noise");
});

test("a percentile that is over the timeout in one run has no mean", () => {
  const over = reportOf(2000, 1500, 10);
  expect(compareReports([BASE, BASE], [BASE, over]).find(({ name }) => name === "p50")).toMatchObject({
    after: "> 2 s",
    change: "",
    interval: "",
    significance: "cannot tell",
  });
});

test("a percentile that is over the timeout in all runs of one side only is worse, or better, from 4 runs on", () => {
  const over = reportOf(2000, 1500, 10);
  const verdict = (before: RunReport[], after: RunReport[]) =>
    compareReports(before, after).find(({ name }) => name === "p50")?.significance;
  expect(verdict(Array(4).fill(BASE), Array(4).fill(over))).toBe("worse");
  expect(verdict(Array(4).fill(over), Array(4).fill(BASE))).toBe("better");
  expect(verdict(Array(3).fill(BASE), Array(3).fill(over))).toBe("cannot tell");
  expect(verdict(Array(4).fill(over), Array(4).fill(over))).toBe("cannot tell");
});

test("runs that were not completed are left out", () => {
  const interrupted: RunReport = { ...scaled(100), ended: "interrupted" };
  const [before, after] = [setOf(3, 0.1, 1), [...setOf(3, 0.1, 2), interrupted]];
  expect(compareReports(before, after)).toEqual(compareReports(before, after.slice(0, 3)));
  expect(limitsOf(before, after)).toContain("Runs that were not completed are left out: 1.");
});

test("the rate is compared only where it is measured, in a closed loop; a higher one is better", () => {
  const closed = (achieved: number): RunReport => ({ ...BASE, rate: { offered: null, achieved } });
  const [before, after] = [[1000, 1010, 990].map(closed), [2000, 2010, 1990].map(closed)];
  expect(compareReports(before, after)[0]).toMatchObject({ name: "rate", significance: "better" });
  expect(compareReports(after, before)[0]?.significance).toBe("worse");
  expect(compareReports([closed(1)], [closed(2)])[0]?.significance).toBe("");
  expect(compareReports([BASE, BASE], [BASE, BASE])[0]?.significance).toBe("");
});

test("sets of the first schema are compared by what does not depend on the unanswered packets", () => {
  const first = (factor: number) => {
    const report = { ...scaled(factor), schema: "wirelab.run/1", loss: { ratio: 0.05 } };
    const [read] = readReports(JSON.stringify(report)) ?? [];
    return read ?? BASE;
  };
  const before = [0.99, 1, 1.01].map(first);
  const after = [1.99, 2, 2.01].map(scaled);
  const verdict = (name: string) => compareReports(before, after).find((change) => change.name === name)?.significance;
  expect([verdict("mean"), verdict("p50")]).toEqual(["worse", "cannot tell"]);
  expect(limitsOf(before, after)[0]).toContain("wirelab.run/1");
});

describe("two targets that alternate", () => {
  const run = (index: number, side: Side, factor: number): RunReport => ({
    ...scaled(factor),
    repetition: { index, of: 4, side },
  });
  /** The second target is 10 % slower, on a path that is slower in each repetition. */
  const reports = [1, 2, 3, 4].flatMap((index) => {
    const pair = [run(index, "target", index), run(index, "against", index + 0.1 + index / 1000)];
    return index % 2 === 0 ? pair.reverse() : pair;
  });
  const mean = (of: readonly RunReport[]) => compareAlternating(of).find(({ name }) => name === "mean");

  test("are compared by the differences within the repetitions", () => {
    expect(mean(reports)).toMatchObject({ change: "+4.1 %", degreesOfFreedom: 3, significance: "worse" });
    expect(mean(reports.toReversed())).toEqual(mean(reports));
    const [target, against] = ["target", "against"].map((side) =>
      reports.filter(({ repetition }) => repetition?.side === side),
    );
    expect(compareReports(target ?? [], against ?? [])[2]?.significance).toBe("within noise");
  });

  test("are compared by the repetitions that both completed", () => {
    const interrupted = reports.map((report) =>
      report.repetition?.index === 4 && report.repetition.side === "against"
        ? { ...report, ended: "interrupted" as const }
        : report,
    );
    expect(mean(interrupted)?.degreesOfFreedom).toBe(2);
    expect(compareAlternating(reports.slice(0, 3))).toEqual([]);
  });

  test("take part in --compare with the runs of --target only", () => {
    const own = reports.filter(({ repetition }) => repetition?.side === "target");
    expect(renderComparison(reports, own)).toBe(renderComparison(own, own));
    expect(renderComparison(own, reports)).toBe(renderComparison(own, own));
  });
});
