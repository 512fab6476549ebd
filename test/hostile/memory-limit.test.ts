/** The memory limit of the attacks is one: a process that needs more does not get it. */
import { expect, test } from "bun:test";
import { limitMemory } from "./support/memory-limit.ts";

const MIB = 2 ** 20;

/** Runs a program that fills so many MiB, in a control group with 128 MiB; undefined where there is none. */
async function fill(mebibytes: number): Promise<string | undefined> {
  using group = limitMemory(128 * MIB);
  if (group === undefined) return undefined;
  const program = `const b = Buffer.alloc(${mebibytes * MIB}, 1); console.log(b.length)`;
  const child = Bun.spawn([...group.wrap, process.execPath, "-e", program], { stdout: "pipe", stderr: "ignore" });
  const out = await new Response(child.stdout).text();
  await child.exited;
  return out.trim();
}

test("a process that fits into a control group's memory limit runs, and one that does not is ended", async () => {
  const [small, large] = [await fill(10), await fill(400)];
  expect([small, large]).toEqual(small === undefined ? [undefined, undefined] : [`${10 * MIB}`, ""]);
});
