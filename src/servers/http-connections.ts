/**
 * Limits the HTTP connections. The runtime accepts them without a call of the lab and has no limit, so the descriptors of
 * the process are searched for them. Those that have had no response for the longest time are closed, and those whose
 * request does not become complete.
 */

import type { Bounded } from "../base/bounded.ts";
import { ConnectionCount } from "../base/connection-count.ts";
import {
  ConnectionScanner,
  lowestFreeDescriptor,
  mostDescriptors,
  type OpenConnection,
  spareDescriptors,
} from "../base/descriptors.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import { SlowRequests } from "./slow-requests.ts";

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
  readonly #slow: SlowRequests;
  readonly #timer: Timer;
  /** Descriptors in use that are not connections of this port, when they were counted last. */
  #others = 0;
  #sinceCount = 0;

  constructor(
    private readonly port: number,
    readonly limit: number,
    /** Longest time for a request to arrive, ms. */
    requestMs: number,
    errors: InternalErrors,
    /** Called for each connection that is closed. */
    private readonly onClosed: (reason: "connection-limit" | "too-slow") => void,
  ) {
    this.#slow = new SlowRequests(this.#scanner, port, requestMs);
    this.#count = new ConnectionCount(port);
    this.#timer = errors.every("http-connections", CHECK_EVERY_MS, () => this.#check());
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

  #check(): void {
    for (const connection of this.#slow.find(performance.now())) this.#close(connection, "too-slow");
    this.#closeSurplus();
  }

  #close(connection: OpenConnection, reason: "connection-limit" | "too-slow"): void {
    this.#scanner.shutDown(connection);
    this.onClosed(reason);
  }

  /** Closes connections above the limit, or as many as are needed for some descriptors to be free. */
  #closeSurplus(): void {
    const used = lowestFreeDescriptor(this.#most);
    const needed = used - (this.#most - this.#spare);
    const isDue = used > this.limit && ++this.#sinceCount >= COUNT_EVERY;
    if (needed <= 0 && used - this.#others <= this.limit && !isDue) return;
    const open = this.#scanner.scan(this.port);
    this.#others = used - open.length;
    this.#sinceCount = 0;
    const surplus = Math.max(needed, open.length - this.limit);
    if (surplus <= 0) return;
    for (const connection of open.toSorted((a, b) => b.unansweredMs - a.unansweredMs).slice(0, surplus)) {
      this.overflows++;
      this.#close(connection, "connection-limit");
    }
  }
}
