import { expect, test } from "bun:test";
import { InternalErrors } from "../../src/base/internal-errors.ts";
import { createLog } from "../../src/base/log.ts";
import { until } from "../support/until.ts";

function recording() {
  const lines: string[] = [];
  const errors = new InternalErrors(createLog({ level: "error", readable: false, sink: (line) => lines.push(line) }));
  return { errors, lines };
}

test("a timer whose callback throws or rejects goes on, is counted each time and logged once", async () => {
  const { errors, lines } = recording();
  const throwing = errors.every("first", 2, () => {
    throw new Error("broken timer");
  });
  await until(() => errors.count >= 3, "three errors");
  clearInterval(throwing);
  const before = errors.count;
  const rejecting = errors.every("second", 2, () => Promise.reject("broken promise"));
  await until(() => errors.count >= before + 3, "three rejections");
  clearInterval(rejecting);
  expect(lines.map((line) => JSON.parse(line).place)).toEqual(["first", "second"]);
  expect(lines[0]).toContain("broken timer");
  expect(lines[1]).toContain("broken promise");
});
