import { expect, test } from "bun:test";
import { layOut } from "../../../../src/load/report/text/table.ts";

test("columns are aligned: the first to the left, the others to the right", () => {
  const rows = [
    ["", "a"],
    ["long name", "1"],
    ["x", "100"],
  ];
  expect(layOut(rows)).toBe("             a\nlong name    1\nx          100");
});
