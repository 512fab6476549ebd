/** The runs that were kept: an SQLite file, or memory where no file is named. */
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { Log } from "../base/log.ts";
import type { RunReport } from "../load/report/report.ts";
import { MIGRATIONS, prepare, StoreError, toStoreError } from "./file.ts";
import type { KeptRun, NewRun, RunDetail, RunLine, RunSource, RunSummary } from "./shapes.ts";

/** Runs that memory holds; the oldest go first. A file keeps all. */
const MOST_IN_MEMORY = 200;
const MOST_LISTED = 500;

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
    valid: verdict.valid,
  };
}

function readReports(text: string): readonly RunReport[] {
  return JSON.parse(text) as readonly RunReport[]; // written by `save`, from reports
}

/** The store; `using` closes it. */
export class RunStore {
  readonly #database: Database;
  #changes = 0;

  private constructor(
    database: Database,
    /** The file; undefined for memory. */
    readonly path: string | undefined,
  ) {
    this.#database = database;
  }

  /** Opens `path`, making or upgrading it, or memory. Throws StoreError. */
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

  /** The kept runs, the newest first. */
  list(): RunSummary[] {
    const rows = this.#database
      .query<Omit<Row, "details">, []>(
        `SELECT id, saved_at, source, reports FROM runs ORDER BY id DESC LIMIT ${MOST_LISTED}`,
      )
      .all();
    return rows.map(({ id, saved_at: savedAt, source, reports }) => {
      return { id, savedAt, source, lines: readReports(reports).map(lineOf) };
    });
  }

  /** One run with everything that is known of it; undefined where there is none. */
  get(id: number): KeptRun | undefined {
    const row = this.#database.query<Row, [number]>("SELECT * FROM runs WHERE id = ?").get(id);
    if (!row) return undefined;
    const { saved_at: savedAt, source, reports } = row;
    const details = JSON.parse(row.details) as readonly RunDetail[]; // written by `save` too
    return { id, savedAt, source, details, reports: readReports(reports) };
  }

  /** Keeps a run and gives its id. Throws the system's error, as when the disk is full; no other run is touched. */
  save({ source, reports, details }: NewRun, now = new Date()): number {
    const { lastInsertRowid } = this.#database
      .query("INSERT INTO runs (saved_at, source, reports, details) VALUES (?, ?, ?, ?)")
      .run(now.toISOString(), source, JSON.stringify(reports), JSON.stringify(details));
    if (this.path === undefined) {
      this.#database
        .query("DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?)")
        .run(MOST_IN_MEMORY);
    }
    this.#changes++;
    return Number(lastInsertRowid);
  }

  /** Deletes a run; false where there was none. */
  delete(id: number): boolean {
    const { changes } = this.#database.query("DELETE FROM runs WHERE id = ?").run(id);
    this.#changes += changes;
    return changes > 0;
  }

  /** Another number whenever the list changed, also by another process. */
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
 * Opens `path` so that the lab goes on whatever is wrong with it, in one line of the log: a damaged file is moved
 * aside, never deleted, and a new one begun; where no file can be had, runs are kept in memory.
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
    const aside = `${path}.damaged-${now.toISOString().replace(/[:.]/g, "-")}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
    log.write("error", "the kept runs are damaged and were moved aside", { reason: error.message, movedTo: aside });
    return RunStore.open(path);
  }
}
