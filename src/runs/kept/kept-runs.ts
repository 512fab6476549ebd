/**
 * The kept runs as the lab uses them. No call holds the event loop: a file is read and written by a thread of its own.
 * If the thread ends, runs are kept in memory from then on.
 */
import type { Bounded } from "../../base/bounded.ts";
import { within } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { messageOf } from "../../base/message.ts";
import type { NewRun } from "../shapes.ts";
import { MemoryRuns, type RunBackend } from "./backend.ts";
import type { RunCalls } from "./library.ts";
import { SaveQueue } from "./save-queue.ts";
import { storedFrom } from "./stored-run.ts";
import { StoreThread } from "./thread.ts";
import type { CallName } from "./thread-messages.ts";

/** Longest time that a stop waits for runs to be saved, ms. */
const SAVE_LIMIT_MS = 2000;

/** What `KeptRuns` needs. */
export interface KeptRunsOptions {
  /** The file; undefined keeps the runs in memory. */
  readonly path: string | undefined;
  readonly log: Log;
  /** Called for each error of the file: it is locked, damaged or cannot be used, or its thread has ended. */
  readonly onError?: () => void;
  /** The program of the thread. */
  readonly program?: string;
}

/** `log` with a call of `onError` for each warning and error. */
function counting(log: Log, onError: () => void): Log {
  return {
    enabled: (level) => log.enabled(level),
    write(level, message, fields) {
      if (level === "error" || level === "warn") onError();
      log.write(level, message, fields);
    },
  };
}

/** The kept runs of a lab. */
export class KeptRuns {
  readonly #log: Log;
  readonly #queue = new SaveQueue((run) => this.#backend.call("save", run));
  #backend: RunBackend;

  constructor({ path, log, onError = () => {}, program }: KeptRunsOptions) {
    this.#log = counting(log, onError);
    this.#backend = path === undefined ? new MemoryRuns() : this.#startThread(path, program);
  }

  /** The runs that wait to be saved. */
  get unsaved(): Bounded {
    return this.#queue;
  }

  /** A number that differs after each change of the list, changes by other processes included. */
  get version(): number {
    return this.#backend.version;
  }

  /** Makes a call. Rejects with StoreBusyError, StoreEndedError, UnreadableRunError or an error of the file. */
  call<Name extends Exclude<CallName, "save">>(name: Name, ...args: Parameters<RunCalls[Name]>) {
    return this.#backend.call(name, ...args);
  }

  /** Keeps a run and resolves with its id; waits for as long as another process has locked the file. */
  save(run: NewRun): Promise<number> {
    return this.#queue.add(storedFrom(run));
  }

  /** Waits a limited time until the runs are saved, and closes the file. */
  async close(): Promise<void> {
    await within(this.#queue.emptied(), SAVE_LIMIT_MS);
    const lost = this.#queue.close();
    if (lost > 0) this.#log.write("error", "runs were not saved: the file of kept runs is locked", { runs: lost });
    await this.#backend.close();
  }

  #startThread(path: string, program: string | undefined): RunBackend {
    const inMemory = (reason: string): RunBackend => {
      this.#log.write("error", "runs are kept in memory only: the thread of the file has ended", { path, reason });
      return new MemoryRuns();
    };
    const onEnd = (reason: string) => {
      this.#backend = inMemory(reason);
    };
    try {
      return new StoreThread(path, this.#log, onEnd, program);
    } catch (error) {
      return inMemory(messageOf(error)); // no thread can be started
    }
  }
}
