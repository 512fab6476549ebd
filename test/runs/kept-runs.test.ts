/** The kept runs of a lab: a locked file stops nothing, an unreadable run hides no other, a long list is read in slices. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { KeptRuns, StoreBusyError } from "../../src/runs/kept-runs.ts";
import { RunStore, UnreadableRunError } from "../../src/runs/store.ts";
import { request } from "../api/support.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { watchTurns } from "../support/turns.ts";
import { makeRun, newPath } from "./support.ts";

const { report, detail } = await makeRun();
const RUN = { source: "page", reports: [report], details: [detail] } as const;

/** Kept runs in a new file, and another connection that locks it. */
function setUp(count = 1) {
  const path = newPath();
  const store = RunStore.open(path);
  for (let i = 0; i < count; i++) store.save(RUN);
  const runs = new KeptRuns(store);
  const other = new Database(path);
  const dispose = () => {
    runs.close();
    other.close();
  };
  return { path, runs, other, [Symbol.dispose]: dispose };
}

describe("while another process has locked the file", () => {
  test("a write waits without holding the event loop, and is done when the lock ends", async () => {
    using file = setUp();
    file.other.run("BEGIN IMMEDIATE");
    const saved = file.runs.save(RUN);
    const removed = file.runs.delete(1);
    expect((await watchTurns(300)).longestMs).toBeLessThan(200);
    expect((await file.runs.list()).map(({ id }) => id)).toEqual([1]);
    file.other.run("COMMIT");
    expect([await saved, await removed]).toEqual([2, true]);
    expect((await file.runs.list()).map(({ id }) => id)).toEqual([2]);
  });

  test("DELETE is refused after a while, and packets are answered meanwhile", async () => {
    using file = setUp();
    await using lab = await startTestLab({ data: file.path });
    file.other.run("BEGIN IMMEDIATE");
    const deletion = request(urlOf(lab, "/runs/1"), { method: "DELETE" });
    let answered = 0;
    let isDone = false;
    void deletion.finally(() => {
      isDone = true;
    });
    while (!isDone) answered += (await request(urlOf(lab, "/"), { method: "POST", body: "{}" })).status === 200 ? 1 : 0;
    expect(answered).toBeGreaterThan(50);
    expect([(await deletion).status, (await deletion).json()]).toEqual([
      503,
      { error: "another process has locked the file of kept runs" },
    ]);
    file.other.run("ROLLBACK");
    expect((await request(urlOf(lab, "/runs/1"), { method: "DELETE" })).status).toBe(200);
  });

  test("the version stays, also with a lock that excludes readers", async () => {
    using file = setUp();
    const version = file.runs.version();
    file.runs.close();
    expect(file.runs.version()).toBe(version);
    expect(new StoreBusyError("x").name).toBe("StoreBusyError");
  });
});

describe("a run that cannot be read", () => {
  test.each([
    ["no JSON", "UPDATE runs SET reports = '{\"schema\":' WHERE id = 2"],
    ["another document", "UPDATE runs SET reports = '[1]' WHERE id = 2"],
    ["a report without its fields", `UPDATE runs SET reports = '[{"schema":"wirelab.run/2"}]' WHERE id = 2`],
  ])("%s: is listed as such with the others, and can be deleted", async (_, damage) => {
    using file = setUp(3);
    file.other.run(damage);
    await using lab = await startTestLab({ data: file.path });
    const { runs } = (await request(urlOf(lab, "/runs"))).json();
    expect(runs).toMatchObject([
      { id: 3, lines: [{ protocol: "udp" }] },
      { id: 2, lines: [], unreadable: true },
      { id: 1, lines: [{ protocol: "udp" }] },
    ]);
    expect((await request(urlOf(lab, "/runs/2"), { method: "DELETE" })).status).toBe(200);
  });

  test("has an error of one line, for its reports and for its details", async () => {
    using file = setUp(2);
    file.other.run("UPDATE runs SET reports = 'x' WHERE id = 1; UPDATE runs SET details = '{' WHERE id = 2");
    await expect(file.runs.get(1)).rejects.toThrow(UnreadableRunError);
    await using lab = await startTestLab({ data: file.path });
    const response = await request(urlOf(lab, "/runs/2"));
    expect([response.status, response.json()]).toEqual([
      500,
      { error: "run 2 is kept, but its details cannot be read" },
    ]);
    expect((await request(urlOf(lab, "/runs/1/compare/2"))).json()).toEqual({
      error: "run 1 is kept, but its report cannot be read",
    });
  });
});

test("a list of 500 runs is read in slices, and the next time from the index", async () => {
  using file = setUp(501);
  const first = await watchTurns(0, file.runs.list());
  expect(first.count).toBeGreaterThan(10);
  const second = await watchTurns(0, file.runs.list());
  expect(second.count).toBeLessThan(first.count / 2);
  const runs = await file.runs.list();
  expect([runs.length, runs[0]?.id, runs.at(-1)?.id]).toEqual([500, 501, 2]);
  await file.runs.delete(501);
  expect((await file.runs.list()).map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_, i) => 500 - i));
});
