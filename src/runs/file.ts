/** The file of the kept runs: its format, its upgrades, and what can be wrong with it. */
import { type Database, SQLiteError } from "bun:sqlite";

/** Each step takes a file from the version of its index to the next; a step that was released never changes. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE runs (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     saved_at TEXT NOT NULL,
     source TEXT NOT NULL,
     reports TEXT NOT NULL,
     details TEXT NOT NULL
   ) STRICT`,
];

/** A file that cannot be used as it is, and why in one line. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  constructor(
    message: string,
    /** Whether the file is no whole database: then it is moved aside, and a new one begun. */
    readonly damaged: boolean,
  ) {
    super(message);
  }
}

/** Checks the file and brings it to the newest version, in one transaction. */
export function prepare(database: Database, migrations: readonly string[]): void {
  database.run("PRAGMA busy_timeout = 2000");
  database.run("PRAGMA journal_mode = WAL"); // a crash loses at most what was being written
  database.run("PRAGMA synchronous = NORMAL");
  const check = database.query<{ quick_check: string }, []>("PRAGMA quick_check").get()?.quick_check;
  if (check !== "ok") throw new StoreError(`is damaged: ${check}`, true);
  const version = () => database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  const newest = migrations.length;
  if (version() > newest)
    throw new StoreError(`was written by a newer wirelab (format ${version()}, known ${newest})`, false);
  const upgrade = database.transaction(() => {
    for (const step of migrations.slice(version())) database.run(step);
    database.run(`PRAGMA user_version = ${newest}`);
  });
  if (version() < newest) upgrade.immediate();
}

const DAMAGED: ReadonlySet<string> = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB"]);

/** The error of opening `path`, in one line. */
export function toStoreError(error: unknown, path = "memory"): StoreError {
  if (error instanceof StoreError) return new StoreError(`${path} ${error.message}`, error.damaged);
  const code = error instanceof SQLiteError ? (error.code ?? "") : "";
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(`${path} cannot be opened: ${message}`, DAMAGED.has(code));
}
