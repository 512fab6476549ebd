import { expect, test } from "bun:test";
import { objectiveLine } from "../../../../src/load/report/text/judgement.ts";
import { PLAIN } from "../../../../src/load/report/text/screen.ts";

test("an objective that is met by a run that is not valid is not called met alone", () => {
  const objective = { text: "p50<1s", met: true, value: 0.01, edge: 0.01 };
  expect(objectiveLine({ ...objective, runValid: true }, PLAIN)).toBe("objective p50<1s: met: 10 ms");
  expect(objectiveLine({ ...objective, runValid: false }, PLAIN)).toBe(
    "objective p50<1s: met, but the run is not valid: 10 ms",
  );
});
