/** The memory limit under which the attacks run is in effect. */
import { expect, test } from "bun:test";
import { limitMemory } from "./support/memory-limit.ts";

/** Takes 64 MiB: `tail` keeps a line until it ends. */
const TAKE = ["sh", "-c", "head -c 67108864 /dev/zero | tail >/dev/null; exit $?"];

test("a process that takes more memory than its limit is ended by the kernel", async () => {
  const statusOf = async (bytes: number) => {
    using group = limitMemory(bytes);
    return group && (await Bun.spawn([...group.wrap, ...TAKE], { stderr: "ignore" }).exited);
  };
  const limited = await statusOf(16 * 2 ** 20);
  if (limited === undefined) return; // skipped with a line that says why
  expect([limited, await statusOf(256 * 2 ** 20)]).toEqual([128 + 9, 0]);
});
