/** Where runs are kept: in the memory of the lab, or in a file that a thread of its own reads and writes. */
import { type RunCalls, RunLibrary } from "./library.ts";
import { RunStore } from "./store.ts";
import type { CallName } from "./thread-messages.ts";

/** The calls of the kept runs, and their end. */
export interface RunBackend {
  /** A number that differs after each change of the list. */
  readonly version: number;
  /** Makes a call. Rejects with StoreBusyError, StoreEndedError, UnreadableRunError or an error of the file. */
  call<Name extends CallName>(name: Name, ...args: Parameters<RunCalls[Name]>): Promise<ReturnType<RunCalls[Name]>>;
  /** Ends within a second; calls in progress are rejected. */
  close(): Promise<void>;
}

/** The last 200 runs, in memory. They come from the page, so that reading one takes less than a millisecond. */
export class MemoryRuns implements RunBackend {
  readonly #library = new RunLibrary(RunStore.open(undefined));

  get version(): number {
    return this.#library.version();
  }

  async call<Name extends CallName>(
    name: Name,
    ...args: Parameters<RunCalls[Name]>
  ): Promise<ReturnType<RunCalls[Name]>> {
    // TypeScript does not pair the name with its arguments and its result here.
    const call = this.#library[name] as (...values: typeof args) => ReturnType<RunCalls[Name]>;
    return call.apply(this.#library, args);
  }

  async close(): Promise<void> {
    this.#library[Symbol.dispose]();
  }
}
