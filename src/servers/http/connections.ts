/**
 * Limits the HTTP connections. The runtime accepts them without a call of the lab and has no limit, so the descriptors of
 * the process are searched for them. Those whose request does not become complete are closed, and above the limit those that
 * have had no response for the longest time.
 */
import type { Bounded } from "../../base/bounded.ts";
import {
  ConnectionScanner,
  lowestFreeDescriptor,
  mostDescriptors,
  type OpenConnection,
  spareDescriptors,
} from "../../base/descriptors.ts";
import type { InternalErrors } from "../../base/internal-errors.ts";
import { SlowRequests } from "./slow-requests.ts";

/** Interval of the checks, ms. Until the next one, the runtime tries without a pause to accept when no descriptor is free. */
const CHECK_EVERY_MS = 100;
/** Checks after which the connections are searched in any case. */
const SEARCH_EVERY = 10;
/** Least age of a count before a reader of it starts a new search, ms: less than the second between two readings. */
const LEAST_AGE_MS = 900;

/** The port in an address in the kernel's form. */
function portIn(peer: string): number {
  return peer.charCodeAt(2) * 256 + peer.charCodeAt(3);
}

/** The connections of one HTTP port. `stop` ends the checks. */
export class HttpConnections implements Bounded {
  /** Connections that were closed because there were too many. */
  overflows = 0;
  readonly #most = mostDescriptors();
  readonly #spare = spareDescriptors(this.#most);
  readonly #scanner = new ConnectionScanner(this.#most);
  readonly #slow: SlowRequests;
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
    /** Longest time for a request to arrive, ms. */
    requestMs: number,
    errors: InternalErrors,
    /** Called for each connection that is closed. */
    private readonly onClosed: (reason: "connection-limit" | "too-slow") => void,
    /** Whether the connection from this port of its peer has no requests any more, because it was upgraded. */
    private readonly isUpgraded: (port: number) => boolean = () => false,
  ) {
    this.#slow = new SlowRequests(requestMs);
    this.#timer = errors.every("http-connections", CHECK_EVERY_MS, () => this.#check());
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

  /** Searches the connections once a second, and at once if there can be too many; closes those that are one too many or slow. */
  async #check(): Promise<void> {
    const used = lowestFreeDescriptor(this.#most);
    const needed = used - (this.#most - this.#spare);
    const isDue = ++this.#sinceSearch >= SEARCH_EVERY;
    // Not every connection is below the lowest free descriptor: the last count can be higher.
    const isAbove = used - this.#others > this.limit || this.#count > this.limit;
    if (this.#checking || (needed <= 0 && !isAbove && !isDue)) return;
    this.#checking = true;
    const open = await this.#open();
    this.#checking = false;
    this.#others = used - open.length;
    this.#sinceSearch = 0;
    if (this.#stopped) return;
    const requesting = open.filter(({ peer }) => !this.isUpgraded(portIn(peer)));
    for (const connection of this.#slow.find(requesting, performance.now())) this.#close(connection, "too-slow");
    this.#closeSurplus(open, Math.max(needed, this.#count - this.limit));
  }

  #closeSurplus(open: readonly OpenConnection[], surplus: number): void {
    if (surplus <= 0) return;
    for (const connection of open.toSorted((a, b) => b.unansweredMs - a.unansweredMs).slice(0, surplus)) {
      if (this.#close(connection, "connection-limit")) this.overflows++;
    }
  }

  /** Closes a connection; false if it was closed, or got a response, since it was found. */
  #close(connection: OpenConnection, reason: "connection-limit" | "too-slow"): boolean {
    if (!this.#scanner.shutDown(this.port, connection)) return false;
    this.#count--;
    this.onClosed(reason);
    return true;
  }
}
