/**
 * 95 % intervals contain the true value in 92 to 98 % of 400 simulated runs, or are not given. The script
 * scripts/bench/coverage.ts prints the whole table, with longer runs and more paths.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Coverage, measureDelays, measureLoss } from "../../../scripts/bench/coverage.ts";
import {
  autoregressive,
  burstLosses,
  eitherLosses,
  independentLosses,
  inOrder,
  NORMAL,
  pareto,
  UNIFORM,
  wanderingLosses,
} from "../../../scripts/bench/paths.ts";

// The simulations take up to a second of CPU time each.
setDefaultTimeout(30_000);

const RUNS = 400;
const SEED = 2024;

/** The row of one number. */
function rowOf(rows: readonly Coverage[], number: string): Coverage {
  const row = rows.find((candidate) => candidate.number === number);
  if (row === undefined) throw new Error(`no row for ${number}`);
  return row;
}

/** Most runs give an interval, and 92 to 98 % of the intervals contain the true value. */
function expectHolds({ held, printed, runs }: Coverage, least = 0.8): void {
  expect(printed / runs).toBeGreaterThanOrEqual(least);
  expect(held / printed).toBeGreaterThanOrEqual(0.92);
  expect(held / printed).toBeLessThanOrEqual(0.98);
}

/** At most one run in fifty, or the share `most`, gives an interval. */
function expectNone({ printed, runs }: Coverage, most = 0.02): void {
  expect(printed / runs).toBeLessThanOrEqual(most);
}

describe("the interval of the loss ratio", () => {
  for (const [ratio, packets] of [
    [0.01, 1000],
    [0.05, 200],
    [0.05, 1000],
    [0.2, 200],
    [0.2, 1000],
  ] as const)
    test(`independent losses of ${ratio * 100} %, ${packets} packets`, () => {
      expectHolds(rowOf(measureLoss(independentLosses(ratio), packets, RUNS, SEED), "loss"));
    });

  for (const [ratio, burst, packets] of [
    [0.05, 5, 1000],
    [0.2, 5, 200],
    [0.2, 5, 1000],
    [0.05, 10, 5000],
    [0.2, 10, 1000],
  ] as const)
    test(`bursts of ${burst}, losses of ${ratio * 100} %, ${packets} packets`, () => {
      expectHolds(rowOf(measureLoss(burstLosses(ratio, burst), packets, RUNS, SEED), "loss"));
    });

  test("when many runs have too few bursts, the intervals of the others contain the true ratio too", () => {
    expectHolds(rowOf(measureLoss(burstLosses(0.05, 10), 1000, 2 * RUNS, SEED), "loss"), 0.3);
    expectHolds(rowOf(measureLoss(independentLosses(0.001), 5000, 2 * RUNS, SEED), "loss"), 0.3);
  });

  test("independent losses over bursts, which no single chain describes", () => {
    const path = eitherLosses(independentLosses(0.05), burstLosses(0.05, 10));
    expectHolds(rowOf(measureLoss(path, 5000, RUNS, SEED), "loss"), 0.8);
  });

  test("independent losses over a few bursts, of which a run shows too few, have none", () => {
    const path = eitherLosses(independentLosses(0.05), burstLosses(0.05, 10));
    // In 3 to 4 % of the runs no burst is long enough to differ from independent losses.
    expectNone(rowOf(measureLoss(path, 1000, 2 * RUNS, SEED), "loss"), 0.07);
    expectHolds(rowOf(measureLoss(path, 2000, 2 * RUNS, SEED), "loss"), 0.2);
  });

  test("a loss probability that changes: the longer the run, the fewer false intervals", () => {
    const path = wanderingLosses(0.05, 1000);
    const [short, long, longer] = [1000, 5000, 20_000].map((packets) => measureLoss(path, packets, RUNS, SEED));
    // Most short runs contain no change. Their interval is that of the probability during the run.
    const { held, printed } = rowOf(short ?? [], "loss, during the run");
    expect(held / printed).toBeGreaterThanOrEqual(0.92);
    expectNone(rowOf(long ?? [], "loss"), 0.18);
    expectNone(rowOf(longer ?? [], "loss"), 0.05);
  });

  test("a loss probability that changes many times in a run", () => {
    const row = rowOf(measureLoss(wanderingLosses(0.05, 100), 20_000, RUNS, SEED), "loss");
    expectHolds(row, 0.5);
  });

  for (const [ratio, burst, packets] of [
    [0.05, 5, 1000],
    [0.05, 5, 5000],
    [0.05, 10, 1000],
    [0.05, 10, 5000],
    [0.2, 10, 200],
  ] as const)
    test(`an objective at the true loss is met in few runs: bursts of ${burst}, ${ratio * 100} %, ${packets}`, () => {
      const { held, runs } = rowOf(measureLoss(burstLosses(ratio, burst), packets, RUNS, SEED), "loss, objective");
      expect(held / runs).toBeGreaterThanOrEqual(0.94);
    });

  test("rare losses have none", () => {
    expectNone(rowOf(measureLoss(independentLosses(0.001), 200, RUNS, SEED), "loss"));
    expectNone(rowOf(measureLoss(burstLosses(0.05, 10), 200, RUNS, SEED), "loss"));
  });

  test("two runs over one path differ in at most 8 % of pairs", () => {
    const { held, printed } = rowOf(measureLoss(burstLosses(0.05, 5), 1000, 3 * RUNS, SEED), "loss, change");
    expect(held / printed).toBeGreaterThanOrEqual(0.92);
  });
});

describe("the intervals of delays", () => {
  test("independent uniform delays", () => {
    for (const row of measureDelays(UNIFORM, 1000, RUNS, SEED)) if (row.number !== "p99.9") expectHolds(row);
  });

  test("independent normal delays", () => {
    for (const row of measureDelays(NORMAL, 1000, RUNS, SEED)) if (row.number !== "p99.9") expectHolds(row);
  });

  test("independent Pareto delays, whose mean has no interval because its variance is infinite", () => {
    const rows = measureDelays(pareto(1.5), 1000, RUNS, SEED);
    for (const number of ["p50", "p90", "p99"]) expectHolds(rowOf(rows, number));
    expectNone(rowOf(rows, "mean"));
  });

  test("autoregressive delays, which are too few for p90 and p99", () => {
    const rows = measureDelays(autoregressive(0.9), 1000, RUNS, SEED);
    for (const number of ["p50", "mean", "p50, change"]) expectHolds(rowOf(rows, number));
    for (const number of ["p90", "p99"]) expectNone(rowOf(rows, number));
  });

  test("delays that depend on each other over most of the run have none", () => {
    for (const row of measureDelays(autoregressive(0.99), 1000, RUNS / 4, SEED)) expectNone(row);
  });

  test("TCP behind Pareto delays has none", () => {
    for (const shape of [1.5, 2])
      for (const row of measureDelays(inOrder(shape, 2), 1000, RUNS / 4, SEED)) expectNone(row);
  });
});
