import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileProblem } from "../../src/base/file-errors.ts";

function problemOf(path: string): string {
  try {
    readFileSync(path);
  } catch (error) {
    return fileProblem(error);
  }
  return "none";
}

test("common errors are named without the system call, others have their message", () => {
  expect(problemOf("/no-such-file")).toBe("no such file");
  expect(problemOf("/")).toBe("is a folder");
  expect(problemOf("/etc/hosts/x")).toBe("a part of the path is not a folder");
  expect(fileProblem(new Error("too slow"))).toBe("too slow");
});
