import { expect, test } from "bun:test";
import { unattributed } from "../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { placesOf } from "../../../src/load/report/places.ts";
import { explain } from "../../../src/load/report/text/explain.ts";
import { renderReport } from "../../../src/load/report/text/text.ts";
import { reportOn } from "../support/reports.ts";

/** A run that lost 100 of 1,000 packets, 30 of them to faults and at most 20 at the target's receive buffer. */
function run() {
  const recorder = new Recorder();
  Object.assign(recorder.counts, { planned: 1000, sent: 1000, answered: 900, lost: 100 });
  const directions = {
    ...unattributed(recorder),
    evidence: "lab",
    lostUp: 60,
    lostDown: 40,
    unexplained: 0,
    droppedUp: 10,
    droppedDown: 20,
    targetBuffer: 20,
  } as const;
  return { recorder, directions };
}

test("losses on the path are those that neither a fault nor a receive buffer caused", () => {
  const { directions } = run();
  expect(placesOf(100, directions, 5)).toEqual({ path: 45, targetBuffer: 20, ownBuffer: 5 });
  // Copies of answers were dropped too.
  expect(placesOf(100, directions, 500)).toEqual({ path: 0, targetBuffer: 20, ownBuffer: 500 });
});

test("a place that is not known is null, and then so is the path", () => {
  const { targetBuffer: _, ...unknown } = run().directions;
  expect(placesOf(100, unknown, 5)).toEqual({ path: null, targetBuffer: null, ownBuffer: 5 });
  expect(placesOf(100, run().directions, undefined)).toEqual({ path: null, targetBuffer: 20, ownBuffer: null });
});

test("the text report has the places if a receive buffer is one of them, and --explain has all three", () => {
  const report = reportOn(run().recorder, { ...run(), bufferDrops: 5 });
  const rows = renderReport([report], { columns: 40, colour: false })
    .split("\n")
    .map((line) => line.trim().split(/\s{2,}/));
  expect(rows).toContainEqual(["at target's buffer, at most", "20"]);
  expect(rows).toContainEqual(["at own receive buffer", "5"]);
  expect(rows).toContainEqual(["on the path", "45"]);
  expect(explain(report).replace(/\s+/g, " ")).toContain(
    "45 on the path, at most 20 at the target's receive buffer, 5 at the own one.",
  );
  const { targetBuffer: _, ...unknown } = run().directions;
  const other = reportOn(run().recorder, { directions: unknown, bufferDrops: 0 });
  expect(renderReport([other])).not.toContain("buffer");
});

test("the report has the session id, or null without STAMP", () => {
  expect(reportOn(run().recorder, { sessionId: 7 }).sessionId).toBe(7);
  expect(reportOn(run().recorder).sessionId).toBe(null);
});
