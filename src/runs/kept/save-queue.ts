/** Runs that wait to be saved, because another process has locked the file. */
import type { Bounded } from "../../base/bounded.ts";
import { nextTurn } from "../../base/turns.ts";
import { StoreBusyError, StoreEndedError } from "./errors.ts";
import type { StoredRun } from "./stored-run.ts";

/** Most runs that wait. The page makes one at a time, of about 100 KB. */
const MOST_UNSAVED = 32;

interface Waiting {
  readonly run: StoredRun;
  readonly resolve: (id: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Saves runs one after another, each again and again until it is saved or fails. */
export class SaveQueue implements Bounded {
  readonly limit = MOST_UNSAVED;
  overflows = 0;
  readonly #waiting: Waiting[] = [];
  #saving: Promise<void> | undefined;
  #isClosed = false;

  /** `save` is repeated if it rejects with StoreBusyError or StoreEndedError; it must not do so at once. */
  constructor(private readonly save: (run: StoredRun) => Promise<number>) {}

  get size(): number {
    return this.#waiting.length;
  }

  /** Resolves with the id of the run when it is saved. */
  add(run: StoredRun): Promise<number> {
    if (this.#isClosed) return Promise.reject(new StoreEndedError("the lab is stopping"));
    if (this.size >= this.limit) {
      this.overflows++;
      return Promise.reject(new StoreBusyError(`${this.limit} runs wait until the file of kept runs is unlocked`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ run, resolve, reject });
      this.#saving ??= this.#saveAll();
    });
  }

  /** Resolves when no run waits. */
  async emptied(): Promise<void> {
    await this.#saving;
  }

  /** Rejects the runs that wait and all further ones; returns how many waited. */
  close(): number {
    this.#isClosed = true;
    const lost = this.#waiting.splice(0);
    for (const { reject } of lost) reject(new StoreEndedError("the lab is stopping"));
    return lost.length;
  }

  async #saveAll(): Promise<void> {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      await this.#attempt(next);
      if (this.#waiting[0] === next) await nextTurn();
    }
    this.#saving = undefined;
  }

  /** Removes the run if it is saved or cannot be saved; otherwise it is tried again. */
  async #attempt(next: Waiting): Promise<void> {
    try {
      const id = await this.save(next.run);
      this.#remove(next);
      next.resolve(id);
    } catch (error) {
      if (error instanceof StoreBusyError || error instanceof StoreEndedError) return;
      this.#remove(next);
      next.reject(error);
    }
  }

  #remove(run: Waiting): void {
    if (this.#waiting[0] === run) this.#waiting.shift();
  }
}
