/**
 * Finds connections whose request does not become complete. The lab gets a request after its head, and has a time limit for
 * bodies of traffic routes only; the limits of the runtime (seen: 12 s for a head, 32 s for a body) are not documented. So the
 * octets that the kernel counts are compared from time to time.
 */
import type { OpenConnection } from "../../base/descriptors.ts";

/** What is known of a connection. */
interface Watched {
  readonly connection: OpenConnection;
  /** When octets after the last response were seen first, ms; undefined if there are none. */
  readonly since: number | undefined;
}

/** Watches the connections of one port. */
export class SlowRequests {
  /** By descriptor. */
  #watched: ReadonlyMap<number, Watched> = new Map();

  /** @param limitMs longest time from the first octets of a request to its response while more octets arrive, ms */
  constructor(private readonly limitMs: number) {}

  /** The connections that are too slow among all that are `open` at `now`, a monotonic time in ms. */
  find(open: readonly OpenConnection[], now: number): readonly OpenConnection[] {
    const before = this.#watched;
    const watched = new Map<number, Watched>();
    this.#watched = watched;
    return open.filter((connection) => {
      const known = before.get(connection.descriptor);
      const since = sinceOf(connection, known, now);
      watched.set(connection.descriptor, { connection, since });
      const isArriving = known !== undefined && connection.received !== known.connection.received;
      return isArriving && since !== undefined && now - since >= this.limitMs;
    });
  }
}

function sinceOf(connection: OpenConnection, known: Watched | undefined, now: number): number | undefined {
  if (known === undefined || known.connection.peer !== connection.peer)
    return connection.received > 0 ? now : undefined;
  if (connection.acknowledged !== known.connection.acknowledged) return undefined;
  if (connection.received === known.connection.received) return known.since; // idle, or waiting for its response
  return known.since ?? now;
}
