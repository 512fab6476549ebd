/** The store of kept runs: an SQLite file, or memory if no file is configured. */
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { Log } from "../../base/log.ts";
import type { KeptRun, NewRun, RunSummary } from "../shapes.ts";
import { UnreadableRunError } from "./errors.ts";
import { MIGRATIONS, prepare, StoreError, toStoreError } from "./file.ts";
import { type Row, runOf, type StoredRun, storedFrom, summaryOf } from "./stored-run.ts";

/** Runs kept in memory; a further one replaces the oldest. A file keeps all runs. */
const MAX_IN_MEMORY = 200;
/** Runs in the list; older ones are found by their id only. */
const MAX_LISTED = 500;
/** Most octets of a run that is read. 100 repetitions of all protocols against two targets have about 10 MB. */
const MAX_RUN_OCTETS = 32 * 1024 * 1024;
/** How long a call waits for a lock of another process, ms. */
const LOCK_WAIT_MS = 2000;

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

  /**
   * Opens the file at `path`, which is created or upgraded as needed, or memory. Throws StoreError.
   * @param lockWaitMs how long this call and each later one waits for a lock of another process
   */
  static open(path: string | undefined, migrations = MIGRATIONS, lockWaitMs = LOCK_WAIT_MS): RunStore {
    let database: Database | undefined;
    try {
      if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
      database = new Database(path ?? ":memory:", { create: true, strict: true });
      prepare(database, migrations, lockWaitMs);
      return new RunStore(database, path);
    } catch (error) {
      database?.close();
      throw toStoreError(error, path);
    }
  }

  /** The ids of the newest 500 kept runs, newest first. */
  ids(): number[] {
    const rows = this.#database.query<Pick<Row, "id">, [number]>("SELECT id FROM runs ORDER BY id DESC LIMIT ?");
    return rows.all(MAX_LISTED).map(({ id }) => id);
  }

  /** One run of the list; undefined if it is not kept. */
  summaryOf(id: number): RunSummary | undefined {
    const row = this.#database
      .query<Omit<Row, "details">, [number, number]>(
        `SELECT id, saved_at, source, iif(octet_length(reports) > ?2, '', reports) AS reports FROM runs WHERE id = ?1`,
      )
      .get(id, MAX_RUN_OCTETS);
    return row ? summaryOf(row) : undefined;
  }

  /** The newest 500 kept runs, newest first. */
  list(): RunSummary[] {
    return this.ids().flatMap((id) => this.summaryOf(id) ?? []);
  }

  /** The run with this id, with its reports and details; undefined if it is not kept. Throws UnreadableRunError. */
  get(id: number): KeptRun | undefined {
    const size = this.#database
      .query<{ octets: number }, [number]>(
        "SELECT octet_length(reports) + octet_length(details) AS octets FROM runs WHERE id = ?",
      )
      .get(id);
    if (size && size.octets > MAX_RUN_OCTETS) {
      throw new UnreadableRunError(`run ${id} is kept, but has more than ${MAX_RUN_OCTETS} bytes`);
    }
    const row = this.#database.query<Row, [number]>("SELECT * FROM runs WHERE id = ?").get(id);
    return row ? runOf(row) : undefined;
  }

  /** Keeps a run and returns its id. Throws SQLiteError, as when the disk is full; the other runs remain. */
  save(run: NewRun, now = new Date()): number {
    return this.saveStored(storedFrom(run), now);
  }

  /** As `save`, for a run that is JSON already. */
  saveStored({ source, reports, details }: StoredRun, now = new Date()): number {
    const { lastInsertRowid } = this.#database
      .query("INSERT INTO runs (saved_at, source, reports, details) VALUES (?, ?, ?, ?)")
      .run(now.toISOString(), source, reports, details);
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

/** How `openRunStore` opens a file; both have defaults. */
export interface OpenOptions {
  readonly now?: Date;
  readonly lockWaitMs?: number;
}

/**
 * Opens the store of a lab, which starts whatever the state of the file: a damaged file is renamed, never deleted, and
 * a new one is created; if the file cannot be used, runs are kept in memory. Either case is one line in the log. Throws
 * StoreError if the file is locked.
 */
export function openRunStore(path: string, log: Log, { now = new Date(), lockWaitMs }: OpenOptions = {}): RunStore {
  const first = tryOpen(path, lockWaitMs);
  if (first instanceof RunStore) return first;
  const movedTo = first.problem === "damaged" ? moveAway(path, now) : undefined;
  if (movedTo === undefined) return openInMemory(first, log);
  log.write("error", "the file of kept runs is damaged and was renamed", { reason: first.message, movedTo });
  const second = tryOpen(path, lockWaitMs);
  return second instanceof RunStore ? second : openInMemory(second, log);
}

/** The store of a file, or why the file cannot be used. Throws StoreError if it is locked. */
function tryOpen(path: string, lockWaitMs: number | undefined): RunStore | StoreError {
  try {
    return RunStore.open(path, MIGRATIONS, lockWaitMs);
  } catch (error) {
    if (!(error instanceof StoreError) || error.problem === "locked") throw error;
    return error;
  }
}

function openInMemory({ message }: StoreError, log: Log): RunStore {
  log.write("error", "runs are kept in memory only", { reason: message });
  return RunStore.open(undefined);
}

/** Renames a file and its logs; returns its new path, or undefined if that is not possible. */
function moveAway(path: string, now: Date): string | undefined {
  const renamed = `${path}.damaged-${now.toISOString().replace(/[:.]/g, "-")}`;
  try {
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(path + suffix)) renameSync(path + suffix, renamed + suffix);
    }
    return renamed;
  } catch {
    return undefined;
  }
}
