/**
 * The kept runs as the lab uses them: no call waits for a lock of the file or reads many runs in one turn of the event
 * loop, because no packet is answered meanwhile.
 */
import { SQLiteError } from "bun:sqlite";
import { sleep } from "../base/clock.ts";
import type { KeptRun, NewRun, RunSummary } from "./shapes.ts";
import { MAX_LISTED, type RunStore } from "./store.ts";

/** Another process has locked the file for longer than a call waits. */
export class StoreBusyError extends Error {
  override readonly name = "StoreBusyError";
}

/** Time between two attempts, and after which a call is given up, ms. */
const RETRY_MS = 20;
const READ_LIMIT_MS = 2000;
const WRITE_LIMIT_MS = 30_000;
/** Longest time that runs are read in one turn of the event loop, ms. */
const SLICE_MS = 1;

function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code ?? "");
}

/** Repeats `action` while the file is locked. Rejects with StoreBusyError after `limitMs`, or with another error. */
async function whenFree<Result>(limitMs: number, action: () => Result): Promise<Result> {
  const endAt = performance.now() + limitMs;
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > endAt) throw new StoreBusyError("another process has locked the file of kept runs");
      await sleep(RETRY_MS);
    }
  }
}

/** The kept runs with an index of those in the list, which is filled as it is read. */
export class KeptRuns {
  readonly #store: RunStore;
  /** Summaries by id; a kept run never changes. */
  readonly #summaries = new Map<number, RunSummary>();
  #version = 0;

  /** Takes over `store`, which does not wait for locks from now on. */
  constructor(store: RunStore) {
    this.#store = store;
    store.waitForLocks(0);
  }

  /** The path of the file; undefined in memory. */
  get path(): string | undefined {
    return this.#store.path;
  }

  /** The newest 500 kept runs, newest first. Rejects with StoreBusyError. */
  async list(): Promise<RunSummary[]> {
    const ids = await whenFree(READ_LIMIT_MS, () => this.#store.ids(MAX_LISTED));
    const listed = new Set(ids);
    for (const id of this.#summaries.keys()) if (!listed.has(id)) this.#summaries.delete(id);
    let endAt = performance.now() + SLICE_MS;
    const summaries: RunSummary[] = [];
    for (const id of ids) {
      const summary = this.#summaries.get(id) ?? (await whenFree(READ_LIMIT_MS, () => this.#store.summaryOf(id)));
      if (summary === undefined) continue; // deleted meanwhile
      this.#summaries.set(id, summary);
      summaries.push(summary);
      if (performance.now() < endAt) continue;
      await new Promise((resolve) => setImmediate(resolve));
      endAt = performance.now() + SLICE_MS;
    }
    return summaries;
  }

  /** The run with this id; undefined if it is not kept. Rejects with StoreBusyError and UnreadableRunError. */
  get(id: number): Promise<KeptRun | undefined> {
    return whenFree(READ_LIMIT_MS, () => this.#store.get(id));
  }

  /** Keeps a run and returns its id. Rejects with StoreBusyError and SQLiteError. */
  save(run: NewRun): Promise<number> {
    return whenFree(WRITE_LIMIT_MS, () => this.#store.save(run));
  }

  /** Deletes the run with this id; false if it is not kept. Rejects with StoreBusyError and SQLiteError. */
  delete(id: number): Promise<boolean> {
    return whenFree(READ_LIMIT_MS, () => this.#store.delete(id));
  }

  /** A number that differs after each change of the list; the last one while the file is locked. */
  version(): number {
    try {
      this.#version = this.#store.version();
    } catch {
      // locked, or damaged while the lab runs: the list is read again after the next change
    }
    return this.#version;
  }

  close(): void {
    this.#store.close();
  }
}
