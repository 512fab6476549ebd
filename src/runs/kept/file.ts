/** The SQLite file of kept runs: its schema, migrations and errors. */
import { type Database, SQLiteError } from "bun:sqlite";
import { messageOf } from "../../base/message.ts";

/** Migration N upgrades a file of version N to version N + 1. A released migration never changes. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE runs (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     saved_at TEXT NOT NULL,
     source TEXT NOT NULL,
     reports TEXT NOT NULL,
     details TEXT NOT NULL
   ) STRICT`,
];

/**
 * Why a file cannot be used: it is corrupt or not a database, which is renamed and replaced; another process has locked
 * it; or anything else.
 */
export type FileProblem = "damaged" | "locked" | "unusable";

/** A file that cannot be used; the message is one line with the reason. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  constructor(
    message: string,
    readonly problem: FileProblem,
  ) {
    super(message);
  }
}

/**
 * Checks the database and applies the missing migrations in one transaction. This and each later call waits `lockWaitMs`
 * for a lock of another process. Throws StoreError or SQLiteError.
 */
export function prepare(database: Database, migrations: readonly string[], lockWaitMs = 0): void {
  database.run(`PRAGMA busy_timeout = ${lockWaitMs}`);
  database.run("PRAGMA journal_mode = WAL"); // a crash loses at most the transaction in progress
  database.run("PRAGMA synchronous = NORMAL");
  const check = database.query<{ quick_check: string }, []>("PRAGMA quick_check").get()?.quick_check;
  if (check !== "ok") throw new StoreError(`is damaged: ${check}`, "damaged");
  const version = () => database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  const newest = migrations.length;
  if (version() > newest)
    throw new StoreError(`was written by a newer wirelab (format ${version()}, known ${newest})`, "unusable");
  const upgrade = database.transaction(() => {
    for (const migration of migrations.slice(version())) database.run(migration);
    database.run(`PRAGMA user_version = ${newest}`);
  });
  if (version() < newest) upgrade.immediate();
}

const DAMAGED: ReadonlySet<string> = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB"]);

/** Whether a call failed because another process has locked the file. */
export function isLocked(error: unknown): boolean {
  if (error instanceof StoreError) return error.problem === "locked";
  return error instanceof SQLiteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code ?? "");
}

/** The error of opening `path` as a StoreError, whose message is one line. */
export function toStoreError(error: unknown, path = "memory"): StoreError {
  if (error instanceof StoreError) return new StoreError(`${path} ${error.message}`, error.problem);
  const code = error instanceof SQLiteError ? (error.code ?? "") : "";
  const problem = isLocked(error) ? "locked" : DAMAGED.has(code) ? "damaged" : "unusable";
  return new StoreError(`${path} cannot be opened: ${messageOf(error)}`, problem);
}
