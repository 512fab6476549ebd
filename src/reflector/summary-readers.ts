/**
 * Clients that asked over HTTP for the sessions with an id. An HTTP client has completed a TCP handshake, so that its
 * address is not forged, and a session with that id from that address is not part of a forged flood.
 */
import { EvictionQueue } from "./eviction.ts";

/** Most readers that are kept. */
const MAX_READERS = 1024;
/** Time after a request within which new sessions are validated by it, ms. */
const VALIDATES_MS = 300_000;

/** A client, and the session id for which it asked. */
export interface Request {
  readonly client: string;
  /** Whether it may see the sessions of other addresses than its own. */
  readonly ofAll: boolean;
  readonly ssid: number;
}

/** The requests of one client for one session id. */
class Reader {
  readonly address: string;
  /** Requests so far. */
  unique = 0;
  /** Time of the last one, monotonic ms. */
  lastAt = 0;

  constructor(
    readonly request: Request,
    /** A number that stays the same until one of its sessions is evicted. */
    public evictions: number,
  ) {
    this.address = request.client;
  }

  /** Whether the client may see a session from that address. */
  sees(address: string): boolean {
    return this.request.ofAll || this.address === address;
  }
}

/** The readers of session summaries, at most MAX_READERS. */
export class SummaryReaders {
  readonly #bySsid = new Map<number, Reader[]>();
  readonly #queue = new EvictionQueue<Reader>(MAX_READERS);

  /**
   * Notes a request.
   * @param evictions evictions of all sessions so far: a reader that was forgotten starts with another number than it had
   * before, unless no session was evicted at all
   */
  note(request: Request, now: number, evictions: number): Reader {
    const { client, ofAll, ssid } = request;
    const known = this.#bySsid.get(ssid)?.find((of) => of.address === client && of.request.ofAll === ofAll);
    const reader = known ?? this.#add(new Reader(request, evictions), now);
    reader.unique++;
    reader.lastAt = now;
    return reader;
  }

  #add(reader: Reader, now: number): Reader {
    if (this.#queue.size >= MAX_READERS) this.#forget(this.#queue.evictFor(reader.address, now));
    reader.lastAt = now;
    const others = this.#bySsid.get(reader.request.ssid);
    if (others === undefined) this.#bySsid.set(reader.request.ssid, [reader]);
    else others.push(reader);
    this.#queue.add(reader);
    return reader;
  }

  #forget(reader: Reader | undefined): void {
    if (reader === undefined) return;
    const { ssid } = reader.request;
    const others = this.#bySsid.get(ssid)?.filter((other) => other !== reader) ?? [];
    if (others.length > 0) this.#bySsid.set(ssid, others);
    else this.#bySsid.delete(ssid);
  }

  /** Whether a reader asked for a session with that id from that address a short time ago. */
  expect(ssid: number, address: string, now: number): boolean {
    const readers = this.#bySsid.get(ssid);
    if (readers === undefined) return false;
    return readers.some((reader) => reader.sees(address) && now - reader.lastAt <= VALIDATES_MS);
  }

  /** Counts the eviction of a session for the readers that may see it. */
  countEviction(ssid: number, address: string): void {
    for (const reader of this.#bySsid.get(ssid) ?? []) if (reader.sees(address)) reader.evictions++;
  }
}
