/** The schema version of a file, its upgrade, and the check that finds damage. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { MIGRATIONS, prepare, StoreError, toStoreError } from "../../../src/runs/kept/file.ts";

function prepared(migrations: readonly string[]): Database {
  const database = new Database(":memory:", { strict: true });
  prepare(database, migrations);
  return database;
}

const versionOf = (database: Database) => database.query("PRAGMA user_version").get();

test("a new file gets every migration", () => {
  using database = prepared(MIGRATIONS);
  expect(versionOf(database)).toEqual({ user_version: MIGRATIONS.length });
  expect(database.query("SELECT count(*) AS rows FROM runs").get()).toEqual({ rows: 0 });
});

test("an older file gets the migrations that it lacks, and its rows remain", () => {
  using database = prepared(["CREATE TABLE notes (text TEXT)"]);
  database.run("INSERT INTO notes VALUES ('kept')");
  prepare(database, ["not run again", "ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT ''"]);
  expect(versionOf(database)).toEqual({ user_version: 2 });
  expect(database.query("SELECT text, author FROM notes").all()).toEqual([{ text: "kept", author: "" }]);
});

test("a failing migration leaves the file at its old version", () => {
  using database = prepared(["CREATE TABLE notes (text TEXT)"]);
  const steps = ["", "CREATE TABLE more (text TEXT)", "not SQL"];
  expect(() => prepare(database, steps)).toThrow("syntax error");
  expect(versionOf(database)).toEqual({ user_version: 1 });
  expect(database.query("SELECT name FROM sqlite_master WHERE name = 'more'").all()).toEqual([]);
});

test("a file of a newer version is an error, but not a damaged file", () => {
  using database = prepared(["CREATE TABLE a (x)", "CREATE TABLE b (x)"]);
  const newer = (() => {
    try {
      prepare(database, ["CREATE TABLE a (x)"]);
    } catch (error) {
      return toStoreError(error, "runs.sqlite");
    }
  })();
  expect(newer).toBeInstanceOf(StoreError);
  expect(newer?.message).toBe("runs.sqlite was written by a newer wirelab (format 2, known 1)");
  expect(newer?.problem).toBe("unusable");
});

test("any other error has the path and the cause in one line", () => {
  const error = toStoreError(new Error("EACCES"), "runs.sqlite");
  expect([error.message, error.problem]).toEqual(["runs.sqlite cannot be opened: EACCES", "unusable"]);
});
