/** The store of kept runs: an SQLite file, or memory if no file is configured. */
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { Log } from "../base/log.ts";
import { readReports } from "../load/report/json.ts";
import type { RunReport } from "../load/report/report.ts";
import { MIGRATIONS, prepare, StoreError, toStoreError } from "./file.ts";
import type { KeptRun, NewRun, RunDetail, RunLine, RunSource, RunSummary } from "./shapes.ts";

/** Runs kept in memory; a further one replaces the oldest. A file keeps all runs. */
const MAX_IN_MEMORY = 200;
/** Runs in the list; older ones are found by their id only. */
export const MAX_LISTED = 500;

interface Row {
  readonly id: number;
  readonly saved_at: string;
  readonly source: RunSource;
  readonly reports: string;
  readonly details: string;
}

function lineOf({ protocol, target, rate, durationSeconds, packets, loss, responseTime, verdict }: RunReport): RunLine {
  return {
    protocol,
    target,
    rate: rate.achieved,
    seconds: durationSeconds,
    sent: packets.sent,
    lossRatio: loss.ratio,
    p50: responseTime.p50,
    p99: responseTime.p99,
    over: responseTime.over,
    valid: verdict.valid,
  };
}

/** A kept run whose columns are not what `save` writes; the message is one line. */
export class UnreadableRunError extends Error {
  override readonly name = "UnreadableRunError";
}

/** The reports in the column that `save` writes, by this version or an earlier one. Throws UnreadableRunError. */
function readStored(id: number, text: string): readonly RunReport[] {
  const reports = readReports(text);
  if (reports === undefined) throw new UnreadableRunError(`run ${id} is kept, but its report cannot be read`);
  return reports;
}

/** A row as the list shows it; without lines if its report cannot be read. */
function summarize({ id, saved_at: savedAt, source, reports }: Omit<Row, "details">): RunSummary {
  try {
    return { id, savedAt, source, lines: readStored(id, reports).map(lineOf) };
  } catch {
    return { id, savedAt, source, lines: [], unreadable: true };
  }
}

function readDetails({ id, details }: Row): readonly RunDetail[] {
  try {
    const parsed: unknown = JSON.parse(details);
    if (Array.isArray(parsed)) return parsed; // `save` writes the column
  } catch {
    // as below
  }
  throw new UnreadableRunError(`run ${id} is kept, but its details cannot be read`);
}

/** The kept runs. Disposing of the store closes its file. */
export class RunStore {
  readonly #database: Database;
  #changes = 0;

  private constructor(
    database: Database,
    /** The path of the file; undefined in memory. */
    readonly path: string | undefined,
  ) {
    this.#database = database;
  }

  /** Opens the file at `path`, which is created or upgraded as needed, or memory. Throws StoreError. */
  static open(path: string | undefined, migrations = MIGRATIONS): RunStore {
    let database: Database | undefined;
    try {
      if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
      database = new Database(path ?? ":memory:", { create: true, strict: true });
      prepare(database, migrations);
      return new RunStore(database, path);
    } catch (error) {
      database?.close();
      throw toStoreError(error, path);
    }
  }

  /** How long each call waits for a lock of another process, ms. */
  waitForLocks(ms: number): void {
    this.#database.run(`PRAGMA busy_timeout = ${ms}`);
  }

  /** The ids of the newest `count` kept runs, newest first. */
  ids(count: number): number[] {
    const rows = this.#database.query<Pick<Row, "id">, [number]>("SELECT id FROM runs ORDER BY id DESC LIMIT ?");
    return rows.all(count).map(({ id }) => id);
  }

  /** One run of the list; undefined if it is not kept. */
  summaryOf(id: number): RunSummary | undefined {
    const row = this.#database
      .query<Omit<Row, "details">, [number]>("SELECT id, saved_at, source, reports FROM runs WHERE id = ?")
      .get(id);
    return row ? summarize(row) : undefined;
  }

  /** The newest 500 kept runs, newest first. */
  list(): RunSummary[] {
    return this.ids(MAX_LISTED).flatMap((id) => this.summaryOf(id) ?? []);
  }

  /** The run with this id, with its reports and details; undefined if it is not kept. Throws UnreadableRunError. */
  get(id: number): KeptRun | undefined {
    const row = this.#database.query<Row, [number]>("SELECT * FROM runs WHERE id = ?").get(id);
    if (!row) return undefined;
    const { saved_at: savedAt, source, reports } = row;
    return { id, savedAt, source, details: readDetails(row), reports: readStored(id, reports) };
  }

  /** Keeps a run and returns its id. Throws SQLiteError, as when the disk is full; the other runs remain. */
  save({ source, reports, details }: NewRun, now = new Date()): number {
    const { lastInsertRowid } = this.#database
      .query("INSERT INTO runs (saved_at, source, reports, details) VALUES (?, ?, ?, ?)")
      .run(now.toISOString(), source, JSON.stringify(reports), JSON.stringify(details));
    if (this.path === undefined) {
      this.#database
        .query("DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?)")
        .run(MAX_IN_MEMORY);
    }
    this.#changes++;
    return Number(lastInsertRowid);
  }

  /** Deletes the run with this id; false if it is not kept. */
  delete(id: number): boolean {
    const { changes } = this.#database.query("DELETE FROM runs WHERE id = ?").run(id);
    this.#changes += changes;
    return changes > 0;
  }

  /** A number that differs after each change of the list, changes by other processes included. */
  version(): number {
    const row = this.#database.query<{ data_version: number }, []>("PRAGMA data_version").get();
    return this.#changes + (row?.data_version ?? 0);
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens the store of a lab, which starts whatever the state of the file: a damaged file is renamed, never deleted, and
 * a new one is created; if the file cannot be used, runs are kept in memory. Either case is one line in the log.
 */
export function openRunStore(path: string | undefined, log: Log, now = new Date()): RunStore {
  try {
    return RunStore.open(path);
  } catch (error) {
    if (!(error instanceof StoreError) || path === undefined) throw error;
    if (!error.damaged) {
      log.write("error", "runs are kept in memory only", { reason: error.message });
      return RunStore.open(undefined);
    }
    const renamed = `${path}.damaged-${now.toISOString().replace(/[:.]/g, "-")}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(path + suffix)) renameSync(path + suffix, renamed + suffix);
    }
    log.write("error", "the file of kept runs is damaged and was renamed", { reason: error.message, movedTo: renamed });
    return RunStore.open(path);
  }
}
