import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MIGRATIONS } from "../../../src/runs/kept/file.ts";
import { openRunStore, RunStore } from "../../../src/runs/kept/store.ts";
import { collectLog, lockExclusively, makeRun, newPath } from "../support.ts";

const { report, detail } = await makeRun();
const RUN = { source: "page", reports: [report], details: [detail] } as const;

describe("a store", () => {
  test("keeps the whole run and lists its main numbers", () => {
    using store = RunStore.open(undefined);
    const id = store.save(RUN, new Date("2026-01-02T03:04:05Z"));
    expect(store.get(id)).toEqual({ id, savedAt: "2026-01-02T03:04:05.000Z", ...RUN });
    expect(store.list()).toEqual([
      {
        id,
        savedAt: "2026-01-02T03:04:05.000Z",
        source: "page",
        lines: [expect.objectContaining({ protocol: "udp", sent: 20, lossRatio: 0, seconds: report.durationSeconds })],
      },
    ]);
    expect(store.get(99)).toBeUndefined();
  });

  test("deletes a run and never uses its id again", () => {
    using store = RunStore.open(undefined);
    expect([store.save(RUN), store.save(RUN)]).toEqual([1, 2]);
    expect([store.delete(2), store.delete(2)]).toEqual([true, false]);
    expect(store.save(RUN)).toBe(3);
    expect(store.list().map(({ id }) => id)).toEqual([3, 1]);
  });

  test("in memory keeps the last 200 runs", () => {
    using store = RunStore.open(undefined);
    for (let i = 0; i < 205; i++) store.save(RUN);
    expect(store.list().map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, i) => 205 - i));
  });

  test("changes its version when another process keeps a run", () => {
    const file = newPath();
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
  test("is created with its directory, and its runs are there when it is opened again", () => {
    const file = join(newPath(), "deeper", "runs.sqlite");
    {
      using store = RunStore.open(file);
      store.save(RUN);
    }
    using store = RunStore.open(file);
    expect(store.get(1)?.reports).toEqual([report]);
  });

  test("of an older version is upgraded and keeps its runs", () => {
    const file = newPath();
    {
      using store = RunStore.open(file);
      store.save(RUN);
    }
    const next = [...MIGRATIONS, "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''"];
    {
      using store = RunStore.open(file, next);
      expect(store.list().map(({ id }) => id)).toEqual([1]);
    }
    using database = new Database(file);
    expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: next.length });
    expect(database.query("SELECT id, note FROM runs").all()).toEqual([{ id: 1, note: "" }]);
  });

  test("of a newer version is not changed, and runs are kept in memory", () => {
    const file = newPath();
    RunStore.open(file, [...MIGRATIONS, "CREATE TABLE later (id INTEGER)"]).close();
    const before = readFileSync(file);
    const { lines, log } = collectLog();
    using store = openRunStore(file, log);
    expect(store.path).toBeUndefined();
    expect(store.save(RUN)).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      `${file} was written by a newer wirelab (format ${MIGRATIONS.length + 1}, known ${MIGRATIONS.length})`,
    );
    expect(readFileSync(file)).toEqual(before);
  });

  test("that is no database is renamed, with one line in the log, and a new one is created", () => {
    const file = newPath();
    writeFileSync(file, "this is not a database, but it is not deleted".repeat(40));
    const before = readFileSync(file);
    const { lines, log } = collectLog();
    using store = openRunStore(file, log, { now: new Date("2026-01-02T03:04:05Z") });
    expect(store.path).toBe(file);
    expect(store.save(RUN)).toBe(1);
    const renamed = `${file}.damaged-2026-01-02T03-04-05-000Z`;
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "error", movedTo: renamed });
    expect(readFileSync(renamed)).toEqual(before);
  });

  test("that is damaged and cannot be renamed leaves the runs in memory", () => {
    const file = newPath();
    writeFileSync(file, "no database".repeat(1000));
    const { lines, log } = collectLog();
    const now = new Date("2026-01-02T03:04:05Z");
    mkdirSync(`${file}.damaged-2026-01-02T03-04-05-000Z`); // a file is not renamed to an existing directory
    using store = openRunStore(file, log, { now });
    expect(store.path).toBeUndefined();
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(["runs are kept in memory only"]);
    expect(readFileSync(file, "utf8")).toStartWith("no database");
  });

  test("with a damaged page inside is detected when the lab starts", () => {
    const file = newPath();
    {
      using store = RunStore.open(file);
      for (let i = 0; i < 30; i++) store.save(RUN);
    }
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 4096, bytes.length - 4096);
    writeFileSync(file, bytes);
    const { lines, log } = collectLog();
    using store = openRunStore(file, log);
    expect(store.list()).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(readdirSync(join(file, "..")).filter((name) => name.includes("damaged"))).toHaveLength(1);
  });

  test("that is locked is an error, and is neither renamed nor replaced", () => {
    const file = newPath();
    RunStore.open(file).close();
    using other = lockExclusively(file);
    const { lines, log } = collectLog();
    expect(() => openRunStore(file, log, { lockWaitMs: 0 })).toThrow("database is locked");
    expect([lines, readdirSync(join(file, "..")).filter((name) => name.includes("damaged"))]).toEqual([[], []]);
    other.release();
    using store = openRunStore(file, log, { lockWaitMs: 0 });
    expect([store.path, lines]).toEqual([file, []]);
  });

  test("that cannot be created leaves the runs in memory", () => {
    const { lines, log } = collectLog();
    using store = openRunStore("/proc/wirelab/runs.sqlite", log);
    expect(store.path).toBeUndefined();
    expect(store.save(RUN)).toBe(1);
    expect(lines[0]).toContain("runs are kept in memory only");
  });

  test("has every run that was saved before its writer was killed", async () => {
    const file = newPath();
    const script = `import { RunStore } from ${JSON.stringify(join(import.meta.dir, "../../../src/runs/kept/store.ts"))};
      const store = RunStore.open(${JSON.stringify(file)});
      const run = ${JSON.stringify(RUN)};
      for (;;) console.log(store.save(run));`;
    const writer = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    let printed = "";
    for await (const chunk of writer.stdout) {
      printed += new TextDecoder().decode(chunk);
      if (printed.split("\n").length > 50) break;
    }
    writer.kill("SIGKILL");
    await writer.exited;
    const saved = Math.max(...printed.split("\n").slice(0, -1).map(Number));
    using store = RunStore.open(file);
    const ids = new Set(Array.from({ length: saved }, (_, i) => i + 1).filter((id) => store.get(id)));
    expect(ids.size).toBe(saved);
  });
});
