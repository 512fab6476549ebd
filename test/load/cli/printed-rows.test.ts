import { expect, test } from "bun:test";
import { PrintedRows } from "../../../src/load/cli/printed-rows.ts";

/** Standard output whose first write waits until `go` is called. */
function slowOutput() {
  const gate = Promise.withResolvers<void>();
  const written: string[] = [];
  const out = async (text: string) => {
    written.push(text);
    await gate.promise;
  };
  return { out, written, go: gate.resolve, fail: gate.reject };
}

test("rows are written in order, those that wait together", async () => {
  const { out, written, go } = slowOutput();
  const rows = new PrintedRows(out);
  for (const row of ["a\n", "b\n", "c\n"]) rows.add(row);
  expect(written).toEqual(["a\n"]);
  go();
  await rows.end();
  expect(written).toEqual(["a\n", "b\nc\n"]);
  rows.add("d\n");
  await rows.end();
  expect(written.at(-1)).toBe("d\n");
});

test("a reader that does not read costs 1 MiB at most", () => {
  const rows = new PrintedRows(slowOutput().out);
  rows.add("first");
  rows.add("x".repeat(2 ** 20));
  expect(() => rows.add("y")).toThrow("the reader is too slow, rows were left out");
});

test("the error of a write is that of the end and of later rows", async () => {
  const { out, fail } = slowOutput();
  const rows = new PrintedRows(out);
  rows.add("a\n");
  fail(new Error("closed"));
  expect(await rows.end().catch((error: Error) => error.message)).toBe("closed");
  expect(() => rows.add("b\n")).toThrow("closed");
});
