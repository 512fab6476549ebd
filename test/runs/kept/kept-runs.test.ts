/**
 * The kept runs of a lab: a locked file stops nothing, an unreadable run hides no other, a lost thread costs no run. The
 * tests take 8 s, because a request waits 5 s for a lock and a stop 2 s.
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { KeptRuns } from "../../../src/runs/kept/kept-runs.ts";
import { RunStore } from "../../../src/runs/kept/store.ts";
import type { RunSummary } from "../../../src/runs/shapes.ts";
import { request } from "../../api/support.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { scrape } from "../../support/scrape.ts";
import { watchTurns } from "../../support/turns.ts";
import { until } from "../../support/until.ts";
import { collectLog, lockExclusively, lockForWriters, makeRun, newPath, parseBody } from "../support.ts";

const { report, detail } = await makeRun();
const RUN = { source: "page", reports: [report], details: [detail] } as const;
const BOUNDS = { targets: [], caps: { rate: 1, seconds: 1, connections: 1, size: 1 } };

/** The path of a file with `count` runs. */
function newFile(count: number): string {
  const path = newPath();
  using store = RunStore.open(path);
  for (let i = 0; i < count; i++) store.save(RUN);
  return path;
}

function open(path: string | undefined, program?: string) {
  const { lines, log } = collectLog();
  let errors = 0;
  const onError = () => {
    errors++;
  };
  const runs = new KeptRuns({ path, log, onError, ...(program === undefined ? {} : { program }) });
  const list = async (): Promise<number[]> =>
    parseBody(await runs.call("list", BOUNDS)).runs.map(({ id }: RunSummary) => id);
  return { runs, list, lines, errors: () => errors, [Symbol.asyncDispose]: () => runs.close() };
}

describe("while another process has locked the file", () => {
  test("a run waits and others can be read; it is saved when the lock ends", async () => {
    const path = newFile(1);
    await using kept = open(path);
    expect(await kept.list()).toEqual([1]);
    using lock = lockForWriters(path);
    const saved = kept.runs.save(RUN);
    expect(kept.runs.unsaved).toMatchObject({ size: 1, limit: 32, overflows: 0 });
    expect(await kept.list()).toEqual([1]);
    lock.release();
    expect(await saved).toBe(2);
    expect(kept.runs.unsaved.size).toBe(0);
    expect(await kept.list()).toEqual([2, 1]);
  });

  test("a stop waits 2 s for runs to be saved, and logs how many were not", async () => {
    const path = newFile(1);
    await using kept = open(path);
    await kept.list();
    using _lock = lockForWriters(path);
    const failures = [kept.runs.save(RUN), kept.runs.save(RUN)].map((saved) => saved.catch(({ message }) => message));
    const startedAt = performance.now();
    await kept.runs.close();
    expect(performance.now() - startedAt).toBeWithin(1900, 5000);
    expect(await Promise.all(failures)).toEqual(["the lab is stopping", "the lab is stopping"]);
    expect(kept.lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: "error", message: "runs were not saved: the file of kept runs is locked", runs: 2 },
    ]);
  }, 20_000);

  test("a stop saves the runs of which the lock ends in time", async () => {
    const path = newFile(1);
    await using kept = open(path);
    await kept.list();
    using lock = lockForWriters(path);
    const saved = kept.runs.save(RUN);
    const closed = kept.runs.close();
    lock.release();
    await closed;
    expect(await saved).toBe(2);
    using store = RunStore.open(path);
    expect(store.ids()).toEqual([2, 1]);
  });

  test("a lab starts, answers requests for runs with 503 after 5 s, and has the runs when the lock ends", async () => {
    const path = newFile(1);
    using lock = lockExclusively(path);
    const { lines, log } = collectLog();
    await using lab = await startTestLab({ data: path, log });
    const refused = await Promise.all([
      request(urlOf(lab, "/runs")),
      request(urlOf(lab, "/runs/1"), { method: "DELETE" }),
    ]);
    const error = "another process has locked the file of kept runs; try again later";
    expect(refused.map(({ status, json }) => [status, json()])).toEqual([
      [503, { error }],
      [503, { error }],
    ]);
    expect(lines.filter((line) => line.includes("locked"))).toHaveLength(1);
    expect((await scrape(lab)).get("wirelab_kept_runs_errors_total")).toBe(1);
    lock.release();
    await until(() => lines.some((line) => line.includes("is unlocked")), "the line that it is unlocked");
    const { runs, file } = (await request(urlOf(lab, "/runs"))).json();
    expect([runs.length, file]).toEqual([1, true]);
  }, 30_000);
});

describe("a thread that ends", () => {
  const program = () => {
    const path = join(dirname(newPath()), "program.ts");
    writeFileSync(path, 'self.onmessage = ({ data }) => { if (data.kind === "call") throw new Error("broken"); };');
    return Bun.pathToFileURL(path).href;
  };

  test("is logged and counted once, and runs are kept in memory, also the one that was being saved", async () => {
    await using kept = open(newPath(), program());
    expect(await kept.runs.save(RUN)).toBe(1);
    expect(await kept.runs.save(RUN)).toBe(2);
    expect(await kept.list()).toEqual([2, 1]);
    expect(parseBody(await kept.runs.call("list", BOUNDS)).file).toBe(false);
    expect(kept.lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: "error",
        message: "runs are kept in memory only: the thread of the file has ended",
        reason: "error: broken",
      },
    ]);
    expect(kept.errors()).toBe(1);
  });
});

test("without a program of the thread, runs are kept in memory, with one line", async () => {
  await using kept = open(newPath(), "no-such-scheme://x/y");
  expect(await kept.runs.save(RUN)).toBe(1);
  expect([await kept.list(), kept.errors(), kept.lines.length]).toEqual([[1], 1, 1]);
});

describe("a file that cannot be used", () => {
  test("is logged and counted once, and runs are kept in memory", async () => {
    const { lines, log } = collectLog();
    await using lab = await startTestLab({ data: "/proc/wirelab/runs.sqlite", log });
    expect((await request(urlOf(lab, "/runs"))).json()).toMatchObject({ runs: [], file: false });
    expect(lines.filter((line) => line.includes("runs are kept in memory only"))).toHaveLength(1);
    expect((await scrape(lab)).get("wirelab_kept_runs_errors_total")).toBe(1);
  });
});

describe("a run that cannot be read", () => {
  test.each([
    ["no JSON", "UPDATE runs SET reports = '{\"schema\":' WHERE id = 2"],
    ["another document", "UPDATE runs SET reports = '[1]' WHERE id = 2"],
    ["a report without its fields", `UPDATE runs SET reports = '[{"schema":"wirelab.run/2"}]' WHERE id = 2`],
  ])("%s: is listed as such with the others, and can be deleted", async (_, damage) => {
    const path = newFile(3);
    using other = new Database(path);
    other.run(damage);
    await using lab = await startTestLab({ data: path });
    const { runs } = (await request(urlOf(lab, "/runs"))).json();
    expect(runs).toMatchObject([
      { id: 3, lines: [{ protocol: "udp" }] },
      { id: 2, lines: [], unreadable: true },
      { id: 1, lines: [{ protocol: "udp" }] },
    ]);
    expect((await request(urlOf(lab, "/runs/2"), { method: "DELETE" })).status).toBe(200);
  });

  test("has an error of one line, for its reports and for its details", async () => {
    const path = newFile(2);
    using other = new Database(path);
    other.run("UPDATE runs SET reports = 'x' WHERE id = 1; UPDATE runs SET details = '{' WHERE id = 2");
    await using lab = await startTestLab({ data: path });
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

test("the version changes with each change of the list, also by another process", async () => {
  const path = newFile(1);
  await using kept = open(path);
  await until(() => kept.runs.version > 0, "the first version");
  const first = kept.runs.version;
  await kept.runs.call("delete", 1);
  const second = kept.runs.version;
  expect(second).not.toBe(first);
  using other = RunStore.open(path);
  other.save(RUN);
  await until(() => kept.runs.version !== second, "the version after a change by another process");
});

test("a list of 200 runs in memory, and one of them, take less than 5 ms of the event loop", async () => {
  await using kept = open(undefined);
  for (let i = 0; i < 200; i++) await kept.runs.save({ ...RUN, reports: [report, report, report] });
  // The call begins in a later turn than the watch. The least of three, because a busy machine adds to processor time too.
  const least = async (call: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) times.push((await watchTurns(0, Bun.sleep(1).then(call))).longestCpuMs);
    return Math.min(...times);
  };
  expect(await least(kept.list)).toBeLessThan(5);
  expect(await least(() => kept.runs.call("run", 7))).toBeLessThan(5);
  expect((await kept.list()).length).toBe(200);
});

test("without a file there is no thread", async () => {
  await using kept = open(undefined, "file:///nothing/such.ts");
  expect(await kept.runs.save(RUN)).toBe(1);
  expect([await kept.list(), kept.errors(), kept.lines]).toEqual([[1], 0, []]);
});
