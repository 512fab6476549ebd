import { describe, expect, test } from "bun:test";
import { type Directions, unattributed } from "../../../src/load/measure/directions/loss-direction.ts";
import { recorderOf, reportOn } from "../support/reports.ts";
import { balanced } from "../support/sums.ts";

/** 20 packets, of which 10 are lost. */
const TIMES = Array.from({ length: 20 }, (_, packet) => (packet % 2 === 0 ? 1 : undefined));

describe("directions that cannot be those of 10 losses", () => {
  test.each<[what: string, change: Partial<Directions>]>([
    ["a negative count", { lostUp: 48, lostDown: -38, unexplained: 0 }],
    ["a sum over the losses", { lostUp: 6, lostDown: 6, unexplained: 0 }],
    ["a sum below the losses", { lostUp: 1, lostDown: 1, unexplained: 0 }],
    ["a fraction", { lostUp: 0.5, lostDown: 9.5, unexplained: 0 }],
    ["no number", { lostUp: Number.NaN, unexplained: 10 }],
    ["more dropped than lost", { lostUp: 4, lostDown: 6, unexplained: 0, droppedUp: 5 }],
  ])("%s: all losses are unexplained", (_, change) => {
    const recorder = recorderOf(TIMES);
    const report = balanced(
      reportOn(recorder, { directions: { ...unattributed(recorder), evidence: "lab", ...change } }),
    );
    expect(report.packets).toMatchObject({ lost: 10, lostUp: 0, lostDown: 0, unexplained: 10 });
    expect(report.evidence).toEqual({
      kind: "none",
      text: "unknown: only the round trip was measured (the losses by direction contradict the number of losses)",
    });
  });
});

test("sound directions are reported", () => {
  const recorder = recorderOf(TIMES);
  const known = { lostUp: 4, lostDown: 5, unexplained: 1, droppedUp: 4, droppedDown: 0, evidence: "lab" } as const;
  const report = balanced(reportOn(recorder, { directions: { ...unattributed(recorder), ...known } }));
  expect(report.packets).toMatchObject({ lostUp: 4, lostDown: 5, unexplained: 1, droppedUp: 4 });
});

test.each([
  ["a negative count", { duplicate: -1 }],
  ["a sum that is wrong", { answered: 11 }],
  ["a fraction", { reordered: 0.5 }],
])("%s makes the report invalid", (_, change) => {
  const recorder = recorderOf(TIMES);
  Object.assign(recorder.counts, change);
  const { verdict } = reportOn(recorder);
  expect(verdict.valid).toBe(false);
  expect(verdict.reasons[0]).toStartWith("the packet accounting does not add up: {");
});
