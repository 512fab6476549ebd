/** The table of set, injected and measured faults. */
import { describe, expect, test } from "bun:test";
import type { SinceChange } from "../../../src/metrics/delta.ts";
import { expectedLoss, injectedRows, meanDelay } from "../../../src/page/faults/injected-rows.ts";

const NOTHING: SinceChange = { seconds: 0, packets: 0, dropped: 0, answered: 0, mean: null, injected: {} };

describe("the mean of a delay", () => {
  test.each([
    [0.05, { kind: "fixed", ms: 50 }],
    [0.03, { kind: "uniform", minMs: 10, maxMs: 50 }],
    [0.02, { kind: "normal", meanMs: 20, stddevMs: 5 }],
    [0.03, { kind: "pareto", scaleMs: 10, shape: 1.5 }],
    [undefined, { kind: "pareto", scaleMs: 10, shape: 1 }],
  ] as const)("is %p s", (seconds, delay) => {
    expect(meanDelay(delay)).toEqual(seconds === undefined ? seconds : expect.closeTo(seconds, 9));
  });
});

test("the expected loss combines drop and burst of one direction", () => {
  const faults = { drop: { up: 0.1, down: 0.3 }, burst: { up: { goodToBad: 0.1, badToGood: 0.3 } } };
  expect(expectedLoss(faults, "up")).toBeCloseTo(1 - 0.9 * 0.75, 9);
  expect(expectedLoss(faults, "down")).toBeCloseTo(0.3, 9);
});

test("without packets the rows have the set values only", () => {
  expect(injectedRows({ drop: { up: 0.2, down: 0.5 } }, NOTHING)).toEqual([
    ["lost up", "20.0 %", "–", "–"],
    ["lost down", "50.0 %", "–", "–"],
    ["no answer", "60.0 %", "–", "–"],
    ["response time", "–", "–", "–"],
  ]);
});

test("losses downstream are a share of the packets that arrived, other faults of the answers", () => {
  const faults = {
    drop: { up: 0.2, down: 0.5 },
    delay: { kind: "fixed", ms: 20 },
    duplicate: 0.1,
    status: { code: 503, probability: 0.25 },
  } as const;
  const injected = { "drop/up": 20, "drop/down": 40, "delay/down": 80, "duplicate/down": 4, "status/down": 10 };
  expect(injectedRows(faults, { seconds: 1, packets: 100, dropped: 60, answered: 40, mean: 0.021, injected })).toEqual([
    ["lost up", "20.0 %", "20.0 %", "–"],
    ["lost down", "50.0 %", "50.0 %", "–"],
    ["no answer", "60.0 %", "60.0 %", "60.0 %"],
    ["response time", "20.0 ms", "100 %", "21.0 ms"],
    ["duplicate", "10.0 %", "10.0 %", "–"],
    ["status 503", "25.0 %", "25.0 %", "–"],
  ]);
});

test("a delay upstream has a row of its own, as a share of all packets", () => {
  const faults = { delay: { up: { kind: "uniform", minMs: 10, maxMs: 30 } }, drop: { up: 0.5, down: 0 } } as const;
  const injected = { "drop/up": 5, "delay/up": 10 };
  expect(
    injectedRows(faults, { ...NOTHING, packets: 10, dropped: 5, answered: 5, mean: 0.001, injected }).slice(3),
  ).toEqual([
    ["response time", "–", "–", "1.00 ms"],
    ["delay up", "20.0 ms", "100 %", "–"],
  ]);
});

test("a kind that is set in both directions has a row for each", () => {
  const faults = { corrupt: { up: 0.1, down: 0.2 }, drop: { up: 0.5, down: 0 } };
  const injected = { "drop/up": 10, "corrupt/up": 1, "corrupt/down": 2 };
  expect(injectedRows(faults, { ...NOTHING, packets: 20, dropped: 10, injected }).slice(4)).toEqual([
    ["corrupt up", "10.0 %", "10.0 %", "–"],
    ["corrupt", "20.0 %", "20.0 %", "–"],
  ]);
});

test("close and stall count as losses of their direction", () => {
  const faults = { drop: { up: 0.5, down: 0 }, close: { up: 0.5, down: 0.1 }, stall: { up: 0, down: 0.5 } };
  const injected = { "drop/up": 5, "close/up": 3, "close/down": 1, "stall/down": 1 };
  expect(injectedRows(faults, { ...NOTHING, packets: 10, dropped: 10, injected }).slice(0, 3)).toEqual([
    ["lost up", "75.0 %", "80.0 %", "–"],
    ["lost down", "55.0 %", "100 %", "–"],
    ["no answer", "88.8 %", "100 %", "100 %"],
  ]);
});

test("a reset counts as a loss downstream", () => {
  const [, down, either] = injectedRows(
    { reset: 0.5 },
    { ...NOTHING, packets: 10, dropped: 4, injected: { "reset/down": 4 } },
  );
  expect(down).toEqual(["lost down", "50.0 %", "40.0 %", "–"]);
  expect(either).toEqual(["no answer", "50.0 %", "40.0 %", "40.0 %"]);
});
