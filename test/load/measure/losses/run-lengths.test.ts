import { describe, expect, test } from "bun:test";
import { RunLengths } from "../../../../src/load/measure/losses/run-lengths.ts";

describe("RunLengths", () => {
  test("counts lengths in classes that double", () => {
    const runs = new RunLengths();
    for (const length of [1, 2, 3, 4, 5, 8, 9, 9]) runs.add(length);
    expect(runs.lengths).toEqual([
      { upTo: 1, count: 1 },
      { upTo: 2, count: 1 },
      { upTo: 4, count: 2 },
      { upTo: 8, count: 2 },
      { upTo: 16, count: 2 },
    ]);
    expect([runs.count, runs.mean, runs.longest]).toEqual([8, 41 / 8, 9]);
  });

  test("a run in progress is in the class of its length so far", () => {
    const runs = new RunLengths();
    for (let length = 1; length <= 6; length++) runs.extend(length);
    expect(runs.lengths).toEqual([{ upTo: 8, count: 1 }]);
    expect([runs.count, runs.mean, runs.longest]).toEqual([1, 6, 6]);
  });

  test("without a run nothing has a length", () => {
    const runs = new RunLengths();
    expect([runs.mean, runs.longest, runs.concentration, runs.dominantRuns]).toEqual([undefined, undefined, 0, 0]);
  });

  test("dominantRuns is the number of equal runs, and 1 beside one much longer run", () => {
    const runs = new RunLengths();
    for (let i = 0; i < 10; i++) runs.add(3);
    expect([runs.dominantRuns, runs.concentration]).toEqual([10, 3]);
    for (let i = 0; i < 1000; i++) runs.add(1);
    expect(runs.dominantRuns).toBe(10);
    runs.add(100_000);
    expect(runs.dominantRuns).toBeCloseTo(1, 2);
  });
});
