/** The thread of a file of kept runs: calls, limits, and its end. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StoreBusyError, StoreEndedError, UnreadableRunError } from "../../../src/runs/kept/errors.ts";
import { RunStore } from "../../../src/runs/kept/store.ts";
import { storedFrom } from "../../../src/runs/kept/stored-run.ts";
import { StoreThread } from "../../../src/runs/kept/thread.ts";
import { until } from "../../support/until.ts";
import { collectLog, makeRun, newPath, parseBody } from "../support.ts";

const { report, detail } = await makeRun();
const RUN = storedFrom({ source: "page", reports: [report], details: [detail] });

/** A thread; `program` replaces its program by this text. */
function setUp(program?: string) {
  const path = newPath();
  const { lines, log } = collectLog();
  const ends: string[] = [];
  const file = join(dirname(path), "program.ts");
  if (program !== undefined) writeFileSync(file, program);
  const url = program === undefined ? undefined : Bun.pathToFileURL(file).href;
  const thread = new StoreThread(path, log, (reason) => void ends.push(reason), url);
  return { path, thread, lines, ends, [Symbol.asyncDispose]: () => thread.close() };
}

test("calls have their results, and errors their kind", async () => {
  await using set = setUp();
  expect(await set.thread.call("save", RUN)).toBe(1);
  expect(parseBody(await set.thread.call("run", 1)).reports).toEqual([report]);
  expect(await set.thread.call("run", 2)).toBeUndefined();
  expect(await set.thread.call("save", { ...RUN, details: "x" })).toBe(2);
  // `rejects` of the test runner holds the thread until the promise is settled, and messages wait.
  expect(await set.thread.call("run", 2).catch((error: unknown) => error)).toBeInstanceOf(UnreadableRunError);
  expect(await set.thread.call("delete", 1)).toBe(true);
  expect(set.thread.version).toBeGreaterThan(0);
});

test("the lines of the thread are in the log", async () => {
  await using set = setUp();
  await set.thread.close();
  writeFileSync(set.path, "no database".repeat(1000));
  const { lines, log } = collectLog();
  const thread = new StoreThread(set.path, log, () => {});
  await thread.call("save", RUN);
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(["the file of kept runs is damaged and was renamed"]);
  await thread.close();
});

test("33 reads at the same time: the last one is refused, a save is not", async () => {
  await using set = setUp();
  const reads = Array.from({ length: 33 }, () => set.thread.call("run", 1).catch((error: Error) => error));
  const saved = set.thread.call("save", RUN);
  const results = await Promise.all(reads);
  expect(results.filter((result) => result instanceof StoreBusyError)).toHaveLength(1);
  expect(results.at(-1)).toEqual(new StoreBusyError("32 requests for kept runs wait; try again later"));
  expect(await saved).toBe(1);
});

test("closing keeps what was saved, rejects what waits, and every later call", async () => {
  const set = setUp();
  await set.thread.call("save", RUN);
  const waiting = set.thread.call("run", 1).then(
    () => "answered",
    (error: Error) => error.name,
  );
  await set.thread.close();
  expect(["answered", "StoreEndedError"]).toContain(await waiting);
  await expect(set.thread.call("run", 1)).rejects.toThrow(new StoreEndedError("the lab is stopping"));
  expect(set.ends).toEqual([]);
  using store = RunStore.open(set.path);
  expect(store.ids()).toEqual([1]);
});

test.each([
  [
    "a program that throws at a call",
    'self.onmessage = ({ data }) => { if (data.kind === "call") throw new Error("broken"); };',
    "error: broken",
  ],
  [
    "a program that exits at a call",
    'self.onmessage = ({ data }) => { if (data.kind === "call") process.exit(3); };',
    "it has exited",
  ],
  ["a program that does not start", "import './missing.ts';", "missing.ts"],
])("%s: its end is reported once, and calls are rejected", async (_, program, reason) => {
  await using set = setUp(program);
  const calls = [set.thread.call("save", RUN), set.thread.call("run", 1)];
  const outcomes = await Promise.allSettled(calls);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: expect.any(StoreEndedError) });
  await until(() => set.ends.length > 0, "the end of the thread");
  expect(set.ends).toEqual([expect.stringContaining(reason)]);
  await expect(set.thread.call("run", 1)).rejects.toThrow(StoreEndedError);
});
