import { expect, test } from "bun:test";
import { attributeByTarget } from "../../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { renderReport } from "../../../../src/load/report/text/text.ts";
import { reportOf, reportOn } from "../../support/reports.ts";

/** The cells of the row with this label. */
function rowOf(text: string, label: string): string | undefined {
  return text.match(new RegExp(`^ *${label} {2,}(.*)$`, "m"))?.[1];
}

test("directions have no value if they are unknown", () => {
  const text = renderReport([reportOf(1000, 10, 1)]);
  expect(["lost", "lost upstream", "lost downstream", "unexplained"].map((label) => rowOf(text, label))).toEqual([
    "10",
    "–",
    "–",
    "10",
  ]);
  expect(text).toContain("\ndirections of losses: unknown: only the round trip was measured\n");
});

test("directions are counts if they are known", () => {
  const recorder = new Recorder();
  Object.assign(recorder.counts, { planned: 10, sent: 10, lost: 3, answered: 7, reportedUp: 2, reportedDown: 1 });
  const text = renderReport([reportOn(recorder, { directions: attributeByTarget(recorder) })]);
  expect([rowOf(text, "lost upstream"), rowOf(text, "lost downstream"), rowOf(text, "unexplained")]).toEqual([
    "2",
    "1",
    "0",
  ]);
});

test("rows of outcomes that did not occur are left out", () => {
  const report = reportOf(1000, 0, 1);
  const several = [report, { ...report, packets: { ...report.packets, late: 4 } }];
  expect(rowOf(renderReport([report]), "late")).toBe(undefined);
  expect(rowOf(renderReport(several), "late")).toMatch(/^0 +4$/);
});

test("the summary line has the median, the loss and the verdict", () => {
  expect(renderReport([reportOf(1000, 10, 0)])).toEndWith(
    "\n\nudp: 990 of 1,000 answered, 1 % lost, p50 0 µs; valid\n",
  );
  const report = reportOn(new Recorder(), { failures: ["nothing listens at 127.0.0.1:1 (ECONNREFUSED)"] });
  expect(renderReport([report])).toEndWith(
    "\nudp: 0 of 0 answered: nothing could be measured: nothing listens at 127.0.0.1:1 (ECONNREFUSED)\n",
  );
});
