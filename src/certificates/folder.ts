/** The folder of the kept certificates: its files, their modes, and a lock for its writers. */
import { Database, SQLiteError } from "bun:sqlite";
import { randomUUID } from "node:crypto";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { sleep } from "../base/clock.ts";
import { fileProblem } from "../base/file-errors.ts";

/** The files and their modes: private keys are for the owner alone, who needs to pass on the certificates. */
const MODES = {
  "ca.pem": 0o644,
  "ca-key.pem": 0o600,
  "certificate.pem": 0o644,
  "certificate-key.pem": 0o600,
} as const;
const FOLDER_MODE = 0o700;
/** Group and others. */
const OTHERS = 0o077;

/** A file of the folder. */
export type FileName = keyof typeof MODES;
/** The texts of the files; undefined for one that does not exist or cannot be read. */
export type Contents = Readonly<Record<FileName, string | undefined>>;

/** The contents of a folder without files. */
export const NO_CONTENTS: Contents = {
  "ca.pem": undefined,
  "ca-key.pem": undefined,
  "certificate.pem": undefined,
  "certificate-key.pem": undefined,
};

/** How long a writer waits for another one, and between two attempts, ms. */
const LOCK_WAIT_MS = 10_000;
const RETRY_MS = 20;

/** A folder of certificates, which is made when it is first written. */
export class CertificateFolder {
  readonly #warned = new Set<string>();

  /** @param warn receives one line for each file that cannot be read or that others had access to, once */
  constructor(
    private readonly path: string,
    private readonly warn: (line: string) => void,
  ) {}

  /** The texts of all files. The modes of keys that others can read are corrected. */
  read(): Contents {
    try {
      accessSync(this.path, constants.R_OK | constants.X_OK);
    } catch (error) {
      if (!isMissing(error)) this.#warn(`${this.path}: ${fileProblem(error)}`);
      return NO_CONTENTS;
    }
    return {
      "ca.pem": this.#read("ca.pem"),
      "ca-key.pem": this.#read("ca-key.pem"),
      "certificate.pem": this.#read("certificate.pem"),
      "certificate-key.pem": this.#read("certificate-key.pem"),
    };
  }

  /** Replaces files one after another, in the order of `contents`, each at once. Throws an error of the file system. */
  write(contents: Partial<Contents>): void {
    for (const [name, text] of Object.entries(contents)) {
      // The keys of `contents` are file names by its type.
      if (text !== undefined) this.#replace(name as FileName, text);
    }
  }

  /**
   * Calls `run` while no other process, and no other lab of this process, does so for this folder. SQLite locks the file,
   * and the operating system releases the lock of a process that ends. Rejects if the folder cannot be written, if the lock
   * is not free within 10 s, or with the error of `run`.
   */
  async exclusively<Result>(run: () => Promise<Result>): Promise<Result> {
    mkdirSync(dirname(this.path), { recursive: true });
    mkdirSync(this.path, { recursive: true, mode: FOLDER_MODE });
    this.#closeToOthers(this.path, FOLDER_MODE);
    using database = new Database(join(this.path, "lock.sqlite"), { create: true });
    await begin(database);
    for (const name of readdirSync(this.path)) if (name.endsWith(".tmp")) rmSync(join(this.path, name)); // of a crash
    return await run();
  }

  #warn(line: string): void {
    if (this.#warned.has(line)) return;
    this.#warned.add(line);
    this.warn(line);
  }

  #read(name: FileName): string | undefined {
    const path = join(this.path, name);
    try {
      if (MODES[name] === 0o600) this.#closeToOthers(path, MODES[name]);
      return readFileSync(path, "utf8");
    } catch (error) {
      if (!isMissing(error)) this.#warn(`${path}: ${fileProblem(error)}`);
      return undefined;
    }
  }

  #closeToOthers(path: string, mode: number): void {
    if ((statSync(path).mode & OTHERS) === 0) return;
    const octal = `0${mode.toString(8)}`;
    try {
      chmodSync(path, mode);
      this.#warn(`${path}: other users had access to it; its mode is now ${octal}`);
    } catch (error) {
      this.#warn(
        `${path}: other users have access to it, and its mode cannot be set to ${octal}: ${fileProblem(error)}`,
      );
    }
  }

  #replace(name: FileName, text: string): void {
    const path = join(this.path, name);
    const temporary = `${path}.${randomUUID()}.tmp`;
    const descriptor = openSync(temporary, "wx", MODES[name]);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor); // before the rename, or a power failure can leave an empty file
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  }
}

/** Takes the write lock of a database; waits in turns of the event loop, where a lab of this process can hold it. */
async function begin(database: Database): Promise<void> {
  database.run("PRAGMA busy_timeout = 0");
  const endAt = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      return void database.run("BEGIN EXCLUSIVE");
    } catch (error) {
      const isBusy = error instanceof SQLiteError && error.code?.startsWith("SQLITE_BUSY");
      if (!isBusy || performance.now() > endAt) throw error;
    }
    await sleep(RETRY_MS);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
