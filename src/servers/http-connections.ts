/**
 * Limits the HTTP connections. The runtime accepts them without a call of the lab and has no limit, so the descriptors of
 * the process are searched for them, and those that have been idle for the longest time are closed.
 */
import type { Bounded } from "../base/bounded.ts";
import {
  ConnectionScanner,
  lowestFreeDescriptor,
  mostDescriptors,
  type OpenConnection,
  spareDescriptors,
} from "../base/descriptors.ts";

/** Interval of the checks, ms. Until the next one, the runtime tries without a pause to accept when no descriptor is free. */
const CHECK_EVERY_MS = 100;
/** Checks after which the connections are searched again where their number can be above the limit. */
const SEARCH_EVERY = 10;
/** Least age of a count before a reader of it starts a new search, ms: less than the second between two readings. */
const LEAST_AGE_MS = 900;

/** The connections of one HTTP port. `stop` ends the checks. */
export class HttpConnections implements Bounded {
  /** Connections that were closed because there were too many. */
  overflows = 0;
  readonly #most = mostDescriptors();
  readonly #spare = spareDescriptors(this.#most);
  readonly #scanner = new ConnectionScanner(this.#most);
  readonly #timer: Timer;
  /** Connections at the last search, and when it ended. */
  #count = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #search: Promise<readonly OpenConnection[]> | undefined;
  /** Descriptors in use that are not connections of this port, when they were counted last. */
  #others = 0;
  #sinceSearch = 0;
  #checking = false;
  #stopped = false;

  constructor(
    private readonly port: number,
    readonly limit: number,
    /** Called for each connection that is closed. */
    private readonly onClosed: () => void,
  ) {
    this.#timer = setInterval(() => void this.#check(), CHECK_EVERY_MS);
    this.#timer.unref();
  }

  /** Connections open at the last search. Starts another one if that was a second ago. */
  get size(): number {
    void this.refresh();
    return this.#count;
  }

  /** Counts the connections again, at most once a second, divided over turns of the event loop. */
  async refresh(): Promise<void> {
    if (this.#search || performance.now() - this.#countedAt >= LEAST_AGE_MS) await this.#open();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Searches the connections; a search in progress is used. */
  #open(): Promise<readonly OpenConnection[]> {
    this.#search ??= this.#scanner.scan(this.port).then((open) => {
      this.#count = open.length;
      this.#countedAt = performance.now();
      this.#search = undefined;
      return open;
    });
    return this.#search;
  }

  /** Closes idle connections above the limit, or as many as are needed for some descriptors to be free. */
  async #check(): Promise<void> {
    const used = lowestFreeDescriptor(this.#most);
    const needed = used - (this.#most - this.#spare);
    const isDue = used > this.limit && ++this.#sinceSearch >= SEARCH_EVERY;
    // Not every connection is below the lowest free descriptor: the last count can be higher.
    const isAbove = used - this.#others > this.limit || this.#count > this.limit;
    if (this.#checking || (needed <= 0 && !isAbove && !isDue)) return;
    this.#checking = true;
    const open = await this.#open();
    this.#checking = false;
    this.#others = used - open.length;
    this.#sinceSearch = 0;
    const surplus = Math.max(needed, open.length - this.limit);
    if (surplus > 0 && !this.#stopped) this.#closeIdle(open, surplus);
  }

  #closeIdle(open: readonly OpenConnection[], surplus: number): void {
    for (const connection of open.toSorted((a, b) => b.idleMs - a.idleMs).slice(0, surplus)) {
      if (!this.#scanner.shutDown(this.port, connection)) continue;
      this.#count--;
      this.overflows++;
      this.onClosed();
    }
  }
}
