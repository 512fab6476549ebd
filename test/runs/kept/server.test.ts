/** The server of a file of kept runs: its messages, and what it does while the file is locked. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { StoreServer } from "../../../src/runs/kept/server.ts";
import { RunStore } from "../../../src/runs/kept/store.ts";
import { storedFrom } from "../../../src/runs/kept/stored-run.ts";
import type { AnyCall, ThreadEvent } from "../../../src/runs/kept/thread-messages.ts";
import { until } from "../../support/until.ts";
import { lockExclusively, lockForWriters, makeRun, newPath, parseBody } from "../support.ts";

const { report, detail } = await makeRun();
const RUN = { source: "page", reports: [report], details: [detail] } as const;
const SAVE: AnyCall = { name: "save", args: [storedFrom(RUN)] };
const DELETE: AnyCall = { name: "delete", args: [1] };
const READ: AnyCall = { name: "run", args: [1] };

/** A server of a file with one run, and its messages. */
function setUp({ limitMs = 5000, path = fileWithOneRun() } = {}) {
  const events: ThreadEvent[] = [];
  const server = new StoreServer(path, (event) => void events.push(event), { retryMs: 1, limitMs });
  let isClosed = false;
  const close = () => {
    if (!isClosed) server.close();
    isClosed = true;
  };
  let lastId = 0;
  const answers = () => events.filter((event) => event.kind === "result" || event.kind === "failure");
  const ask = async (call: AnyCall) => {
    const id = ++lastId;
    await server.serve(id, call);
    return answers().find((event) => event.id === id);
  };
  const logged = () => events.flatMap((event) => (event.kind === "log" ? [`${event.level}: ${event.message}`] : []));
  return { path, events, ask, logged, close, [Symbol.dispose]: close };
}

function fileWithOneRun(): string {
  const path = newPath();
  using store = RunStore.open(path);
  store.save(RUN);
  return path;
}

const LOCK_LINES = [
  "warn: another process has locked the file of kept runs; runs are saved when it is unlocked",
  "info: the file of kept runs is unlocked",
];

describe("a server", () => {
  test("answers each call with its id, and sends the version after a change", async () => {
    using served = setUp();
    const { kind, ...read } = (await served.ask(READ)) ?? {};
    expect([kind, read]).toEqual(["result", { id: 1, result: expect.any(Uint8Array) }]);
    const versions = () => served.events.flatMap((event) => (event.kind === "version" ? [event.version] : []));
    const before = versions().length;
    expect(await served.ask(SAVE)).toEqual({ kind: "result", id: 2, result: 2 });
    expect(versions()).toHaveLength(before + 1);
    using other = RunStore.open(served.path);
    other.save(RUN);
    await until(() => versions().length === before + 2, "the version after a change by another process");
  });

  test("reports a run that cannot be read as such, and any other error with its message", async () => {
    using served = setUp();
    await served.ask({ name: "save", args: [{ ...storedFrom(RUN), reports: "x" }] });
    expect(await served.ask({ name: "run", args: [2] })).toMatchObject({
      failure: "unreadable",
      message: "run 2 is kept, but its report cannot be read",
    });
    const wrong = { source: "page", reports: null, details: "" } as never; // as no caller does
    expect(await served.ask({ name: "save", args: [wrong] })).toMatchObject({
      failure: "failed",
      message: expect.stringContaining("NOT NULL"),
    });
  });

  test("of a damaged file renames it and says so", async () => {
    const path = newPath();
    writeFileSync(path, "this is not a database".repeat(100));
    using served = setUp({ path });
    expect(await served.ask(SAVE)).toMatchObject({ result: 1 });
    expect(served.logged()).toEqual(["error: the file of kept runs is damaged and was renamed"]);
  });
});

describe("while another process has locked the file", () => {
  test("a write waits and reads are answered; it is done when the lock ends", async () => {
    using served = setUp();
    await served.ask(READ);
    using lock = lockForWriters(served.path);
    const saving = served.ask(SAVE);
    expect(await served.ask(READ)).toMatchObject({ kind: "result" });
    expect(served.logged()).toEqual([]);
    lock.release();
    expect(await saving).toMatchObject({ result: 2 });
    expect(served.logged()).toEqual([]);
  });

  test("writes fail after the limit, with one line in the log, and one when the lock has ended", async () => {
    using served = setUp({ limitMs: 50 });
    await served.ask(READ);
    using lock = lockForWriters(served.path);
    const message = "another process has locked the file of kept runs; try again later";
    for (const call of [SAVE, DELETE, SAVE]) {
      expect(await served.ask(call)).toMatchObject({ failure: "busy", message });
    }
    expect(served.logged()).toEqual(LOCK_LINES.slice(0, 1));
    lock.release();
    expect(await served.ask(SAVE)).toMatchObject({ result: 2 });
    expect(served.logged()).toEqual(LOCK_LINES);
  });

  test("at the start, it is opened when the lock ends", async () => {
    const path = fileWithOneRun();
    using lock = lockExclusively(path);
    using served = setUp({ path, limitMs: 50 });
    expect(await served.ask(READ)).toMatchObject({ failure: "busy" });
    lock.release();
    await until(() => served.logged().length === 2, "the line that it is unlocked");
    expect(served.logged()).toEqual(LOCK_LINES);
    const { result } = (await served.ask(READ)) as { result: Uint8Array }; // it is open
    expect(parseBody(result)).toMatchObject({ id: 1, source: "page" });
  });

  test("closing ends the calls that wait", async () => {
    using served = setUp();
    await served.ask(READ);
    using _lock = lockForWriters(served.path);
    const saving = served.ask(SAVE);
    served.close();
    expect(await saving).toMatchObject({ failure: "busy", message: "the lab is stopping" });
    expect(served.events.filter(({ kind }) => kind === "closed")).toHaveLength(1);
  });
});
