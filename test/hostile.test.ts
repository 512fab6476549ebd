/** scripts/hostile.ts: its arguments. The attacks themselves are in test/hostile. */
import { expect, test } from "bun:test";
import { runScript } from "./support/process.ts";

test.each([
  [["--memory", "little"], "hostile: --memory little: not allowed; allowed: a size such as 512M or 1G\n"],
  [["--fast"], "hostile: Unknown option '--fast'; allowed: --memory, --help, FILE\n"],
])("hostile %p is refused in one line", async (args, line) => {
  expect(await runScript("scripts/hostile.ts", args)).toEqual({ status: 2, out: "", err: line });
});
