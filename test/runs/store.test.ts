/** The kept runs: their file, its upgrades and its accidents. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/base/log.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import { runLoad } from "../../src/load/run.ts";
import { curveOf, detailOf } from "../../src/runs/detail.ts";
import { MIGRATIONS } from "../../src/runs/file.ts";
import { openRunStore, RunStore } from "../../src/runs/store.ts";
import { startTestLab } from "../support/lab.ts";

const path = () => join(mkdtempSync(join(tmpdir(), "wirelab-")), "runs.sqlite");

function logged() {
  const lines: string[] = [];
  return { lines, log: createLog({ level: "info", readable: false, sink: (line) => void lines.push(line) }) };
}

/** A real run's report: 20 packets to a lab. */
async function makeRun() {
  await using lab = await startTestLab();
  const run = runLoad({ protocol: "udp", target: `127.0.0.1:${lab.ports.udp}`, control: false, rate: 200, count: 20 });
  const report: RunReport = await run.report;
  return {
    report,
    detail: detailOf(report, run.measured.recorder().response),
    response: run.measured.recorder().response,
  };
}

const { report, detail, response } = await makeRun();
const RUN = { source: "page", reports: [report], details: [detail] } as const;

describe("a store", () => {
  test("keeps a run whole and lists it by its numbers", () => {
    using store = RunStore.open(undefined);
    const id = store.save(RUN, new Date("2026-01-02T03:04:05Z"));
    expect(store.get(id)).toEqual({ id, savedAt: "2026-01-02T03:04:05.000Z", ...RUN });
    expect(store.list()).toEqual([
      {
        id,
        savedAt: "2026-01-02T03:04:05.000Z",
        source: "page",
        lines: [expect.objectContaining({ protocol: "udp", sent: 20, lossRatio: 0, seconds: 0.1 })],
      },
    ]);
    expect(store.get(99)).toBeUndefined();
  });

  test("deletes a run, and an id is never given twice", () => {
    using store = RunStore.open(undefined);
    expect([store.save(RUN), store.save(RUN)]).toEqual([1, 2]);
    expect([store.delete(2), store.delete(2)]).toEqual([true, false]);
    expect(store.save(RUN)).toBe(3);
    expect(store.list().map(({ id }) => id)).toEqual([3, 1]);
  });

  test("in memory holds the last 200 runs", () => {
    using store = RunStore.open(undefined);
    for (let i = 0; i < 205; i++) store.save(RUN);
    expect(store.list().map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, i) => 205 - i));
  });

  test("tells by its version that another process kept a run", () => {
    const file = path();
    using store = RunStore.open(file);
    const before = store.version();
    {
      using other = RunStore.open(file);
      other.save({ ...RUN, source: "command" });
    }
    expect(store.version()).not.toBe(before);
    expect(store.list().map(({ source }) => source)).toEqual(["command"]);
  });
});

describe("a file", () => {
  test("is opened again with what it held, in a folder that is made for it", () => {
    const file = join(path(), "deeper", "runs.sqlite");
    {
      using store = RunStore.open(file);
      store.save(RUN);
    }
    using store = RunStore.open(file);
    expect(store.get(1)?.reports).toEqual([report]);
  });

  test("of an older version is upgraded, and keeps its runs", () => {
    const file = path();
    {
      using store = RunStore.open(file);
      store.save(RUN);
    }
    const next = [...MIGRATIONS, "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''"];
    {
      using store = RunStore.open(file, next);
      expect(store.list().map(({ id }) => id)).toEqual([1]);
    }
    const database = new Database(file);
    expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: next.length });
    expect(database.query("SELECT id, note FROM runs").all()).toEqual([{ id: 1, note: "" }]);
    database.close();
  });

  test("of a newer version is left alone, and runs are kept in memory meanwhile", () => {
    const file = path();
    RunStore.open(file, [...MIGRATIONS, "CREATE TABLE later (id INTEGER)"]).close();
    const before = readFileSync(file);
    const { lines, log } = logged();
    using store = openRunStore(file, log);
    expect(store.path).toBeUndefined();
    expect(store.save(RUN)).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      `${file} was written by a newer wirelab (format ${MIGRATIONS.length + 1}, known ${MIGRATIONS.length})`,
    );
    expect(readFileSync(file)).toEqual(before);
  });

  test("that is damaged is moved aside with a line that says so, never deleted", () => {
    const file = path();
    writeFileSync(file, "this is no database at all, but somebody may want it back".repeat(40));
    const before = readFileSync(file);
    const { lines, log } = logged();
    using store = openRunStore(file, log, new Date("2026-01-02T03:04:05Z"));
    expect(store.path).toBe(file);
    expect(store.save(RUN)).toBe(1);
    const aside = `${file}.damaged-2026-01-02T03-04-05-000Z`;
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "error", movedTo: aside });
    expect(readFileSync(aside)).toEqual(before);
  });

  test("with a damaged page inside is found out at the start", () => {
    const file = path();
    {
      using store = RunStore.open(file);
      for (let i = 0; i < 30; i++) store.save(RUN);
    }
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 4096, bytes.length - 4096);
    writeFileSync(file, bytes);
    const { lines, log } = logged();
    using store = openRunStore(file, log);
    expect(store.list()).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(readdirSync(join(file, "..")).filter((name) => name.includes("damaged"))).toHaveLength(1);
  });

  test("that cannot be made leaves the lab with its memory", () => {
    const { lines, log } = logged();
    using store = openRunStore("/proc/wirelab/runs.sqlite", log);
    expect(store.path).toBeUndefined();
    expect(store.save(RUN)).toBe(1);
    expect(lines[0]).toContain("runs are kept in memory only");
  });

  test("a writer that is killed loses at most the run that it was writing", async () => {
    const file = path();
    const script = `import { RunStore } from ${JSON.stringify(join(import.meta.dir, "../../src/runs/store.ts"))};
      const store = RunStore.open(${JSON.stringify(file)});
      const run = ${JSON.stringify(RUN)};
      for (;;) console.log(store.save(run));`;
    const writer = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    let said = "";
    for await (const chunk of writer.stdout) {
      said += new TextDecoder().decode(chunk);
      if (said.split("\n").length > 50) break;
    }
    writer.kill("SIGKILL");
    await writer.exited;
    const saved = Math.max(...said.split("\n").slice(0, -1).map(Number));
    using store = RunStore.open(file);
    const ids = new Set(Array.from({ length: saved }, (_, i) => i + 1).filter((id) => store.get(id)));
    expect(ids.size).toBe(saved);
  });
});

describe("a percentile curve", () => {
  test("rises from the least to the greatest answer, finer towards the end", () => {
    const curve = curveOf(response);
    expect(curve[0]).toEqual([0, report.responseTime.min ?? 0]);
    expect(curve.at(-1)).toEqual([1 - 1 / 21, report.responseTime.max ?? 0]);
    for (let i = 1; i < curve.length; i++) {
      expect(curve[i]?.[0] ?? 0).toBeGreaterThan(curve[i - 1]?.[0] ?? 1);
      expect(curve[i]?.[1] ?? 0).toBeGreaterThanOrEqual(curve[i - 1]?.[1] ?? 1);
    }
  });
});
