/**
 * Serves the calls on a file of kept runs; it runs in the thread of thread-main.ts. While another process has locked the
 * file, calls are repeated until a time limit, and other calls are served meanwhile.
 */
import { sleep, within } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { messageOf } from "../../base/message.ts";
import { StoreBusyError, UnreadableRunError } from "./errors.ts";
import { isLocked } from "./file.ts";
import { RunLibrary } from "./library.ts";
import { openRunStore } from "./store.ts";
import type { AnyCall, FailureKind, ThreadEvent } from "./thread-messages.ts";

/** Time between two attempts, and after which a call is given up, ms. */
export interface Waits {
  readonly retryMs: number;
  readonly limitMs: number;
}

const WAITS: Waits = { retryMs: 20, limitMs: 5000 };
/** Interval at which changes by other processes are looked for, ms. */
const VERSION_MS = 1000;
/** Octets of a result after which the memory of its making is freed at once. */
const LARGE_OCTETS = 1024 * 1024;
const LOCKED = "another process has locked the file of kept runs";

/** Sends a message to the lab; the listed buffers are moved instead of copied. */
export type Send = (event: ThreadEvent, transfer: readonly ArrayBuffer[]) => void;

function failureOf(error: unknown): FailureKind {
  if (error instanceof StoreBusyError) return "busy";
  return error instanceof UnreadableRunError ? "unreadable" : "failed";
}

/** The server of one file, which is opened when it is not locked. */
export class StoreServer {
  readonly #opened: Promise<RunLibrary | undefined>;
  #library: RunLibrary | undefined;
  #isClosed = false;
  #version = 0;
  /** Whether the log has the line that the file is locked. */
  #isReported = false;
  readonly #log: Log = {
    enabled: () => true,
    write: (level, message, fields = {}) => {
      if (level !== "debug") this.#tell({ kind: "log", level, message, fields });
    },
  };
  readonly #timer: Timer;

  constructor(
    path: string,
    private readonly send: Send,
    private readonly waits = WAITS,
  ) {
    this.#opened = this.#open(path);
    this.#timer = setInterval(() => this.#publishVersion(), VERSION_MS);
  }

  /** Makes a call and sends its result or failure with this `id`. */
  async serve(id: number, call: AnyCall): Promise<void> {
    try {
      const result = await this.#resultOf(call);
      this.#publishVersion();
      const transfer = result instanceof Uint8Array ? [result.buffer] : [];
      const octets = result instanceof Uint8Array ? result.length : 0;
      this.send({ kind: "result", id, result }, transfer);
      // Reading a run takes many times its size. The collector of this thread runs too late for a limit of 512 MB.
      if (octets > LARGE_OCTETS) Bun.gc(true);
    } catch (error) {
      this.#tell({ kind: "failure", id, failure: failureOf(error), message: messageOf(error) });
    }
  }

  /** Closes the file; calls that wait for a lock fail. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#library?.[Symbol.dispose]();
    this.#tell({ kind: "closed" });
  }

  async #resultOf({ name, args }: AnyCall) {
    const endAt = performance.now() + this.waits.limitMs;
    const library = await within(this.#opened, this.waits.limitMs);
    if (!library) throw this.#busy();
    // The type of `AnyCall` pairs each name with its arguments, which TypeScript does not follow.
    const call = library[name].bind(library) as (...values: typeof args) => ReturnType<RunLibrary[typeof name]>;
    const result = await this.#whenFree(endAt, () => call(...args));
    if (name === "save" || name === "delete") this.#reportFree();
    return result;
  }

  /** Opens the file, with attempts for as long as it is locked. Undefined if the server was closed before. */
  async #open(path: string): Promise<RunLibrary | undefined> {
    try {
      const store = await this.#whenFree(Number.POSITIVE_INFINITY, () =>
        openRunStore(path, this.#log, { lockWaitMs: 0 }),
      );
      this.#library = new RunLibrary(store);
    } catch (error) {
      if (this.#isClosed) return undefined;
      throw error;
    }
    this.#reportFree();
    this.#publishVersion();
    return this.#library;
  }

  /** Repeats `action` while the file is locked. Rejects with StoreBusyError at `endAt`, or with another error. */
  async #whenFree<Result>(endAt: number, action: () => Result): Promise<Result> {
    while (!this.#isClosed) {
      try {
        return action();
      } catch (error) {
        if (!isLocked(error)) throw error;
        if (performance.now() > endAt) throw this.#busy();
        await sleep(this.waits.retryMs);
      }
    }
    throw new StoreBusyError("the lab is stopping");
  }

  /** The error of a call that is given up; the first one of a lock is logged. */
  #busy(): StoreBusyError {
    if (!this.#isReported && !this.#isClosed) {
      this.#isReported = true;
      this.#log.write("warn", `${LOCKED}; runs are saved when it is unlocked`);
    }
    return new StoreBusyError(`${LOCKED}; try again later`);
  }

  #reportFree(): void {
    if (!this.#isReported) return;
    this.#isReported = false;
    this.#log.write("info", "the file of kept runs is unlocked");
  }

  /** Sends the version if it has changed. */
  #publishVersion(): void {
    try {
      const version = this.#library?.version() ?? this.#version;
      if (version === this.#version) return;
      this.#version = version;
      this.#tell({ kind: "version", version });
    } catch {
      // locked, or damaged while the lab runs: the list is read again after the next change
    }
  }

  #tell(event: ThreadEvent): void {
    this.send(event, []);
  }
}
