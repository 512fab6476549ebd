/**
 * Limits the HTTP connections. The runtime accepts them without a call of the lab and has no limit, so the descriptors of
 * the process are searched for them, and those that have been idle for the longest time are closed.
 */
import type { Bounded } from "../base/bounded.ts";
import { ConnectionCount } from "../base/connection-count.ts";
import { ConnectionScanner, lowestFreeDescriptor, mostDescriptors, spareDescriptors } from "../base/descriptors.ts";

/** Interval of the checks, ms. Until the next one, the runtime tries without a pause to accept when no descriptor is free. */
const CHECK_EVERY_MS = 100;
/** Checks after which the number of connections is counted again where it can be above the limit. */
const COUNT_EVERY = 10;

/** The connections of one HTTP port. `stop` ends the checks. */
export class HttpConnections implements Bounded {
  /** Connections that were closed because there were too many. */
  overflows = 0;
  readonly #most = mostDescriptors();
  readonly #spare = spareDescriptors(this.#most);
  readonly #scanner = new ConnectionScanner(this.#most);
  readonly #count: ConnectionCount;
  readonly #timer: Timer;
  /** Descriptors in use that are not connections of this port, when they were counted last. */
  #others = 0;
  #sinceCount = 0;

  constructor(
    private readonly port: number,
    readonly limit: number,
    /** Called for each connection that is closed. */
    private readonly onClosed: () => void,
  ) {
    this.#count = new ConnectionCount(port);
    this.#timer = setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#timer.unref();
  }

  /** Connections open when they were counted last; a search of the descriptors would hold the event loop. */
  get size(): number {
    return this.#count.latest;
  }

  /** Counts the connections again, at most once a second. */
  refresh(): Promise<void> {
    return this.#count.refresh();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Closes idle connections above the limit, or as many as are needed for some descriptors to be free. */
  #check(): void {
    const used = lowestFreeDescriptor(this.#most);
    const needed = used - (this.#most - this.#spare);
    const isDue = used > this.limit && ++this.#sinceCount >= COUNT_EVERY;
    if (needed <= 0 && used - this.#others <= this.limit && !isDue) return;
    const open = this.#scanner.scan(this.port);
    this.#others = used - open.length;
    this.#sinceCount = 0;
    const surplus = Math.max(needed, open.length - this.limit);
    if (surplus <= 0) return;
    for (const connection of open.toSorted((a, b) => b.idleMs - a.idleMs).slice(0, surplus)) {
      this.#scanner.shutDown(connection);
      this.overflows++;
      this.onClosed();
    }
  }
}
