/** The table of the reflector's measurement sessions. Bounded. */
import type { Bounded } from "../base/bounded.ts";
import { REGISTRY } from "../base/protocol.ts";
import { EvictedSessions } from "./evicted-sessions.ts";
import { EvictionQueue } from "./eviction.ts";
import { type Standing, standingOf } from "./eviction-ranks.ts";
import { type LocalEnd, Session } from "./session.ts";
import { SummaryReaders } from "./summary-readers.ts";

/** What one client may see of the sessions with an id. */
export interface ShownSessions {
  readonly sessions: readonly Session[];
  /** Stays the same from one request to the next if none of them was evicted in between. */
  readonly evictedSessions: number;
}

/** Sessions by local end, source address, source port and session id. A full table evicts one, see EvictionQueue. */
export class Sessions implements Bounded {
  readonly #table = new Map<string, Map<number, Session>>();
  readonly #queue: EvictionQueue<Session>;
  readonly #readers = new SummaryReaders();
  readonly #evicted = new EvictedSessions();
  readonly #evictions: Record<Standing, number> = { new: 0, established: 0, validated: 0 };
  readonly #ends: LocalEnd[] = [];
  #latest: Session | undefined;

  constructor(
    /** Most sessions at a time; each takes up to 16 KiB. */
    readonly limit: number,
  ) {
    this.#queue = new EvictionQueue(limit);
  }

  get size(): number {
    return this.#queue.size;
  }

  get overflows(): number {
    const { new: fresh, established, validated } = this.#evictions;
    return fresh + established + validated;
  }

  /** Sessions evicted since the start, by their standing. */
  get evictions(): Readonly<Record<Standing, number>> {
    return this.#evictions;
  }

  /** The ends of the lab that receive test packets. */
  get ends(): readonly LocalEnd[] {
    return this.#ends;
  }

  /** Adds an end, once, when its listener is open. */
  addEnd(end: LocalEnd): void {
    this.#ends.push(end);
  }

  /** The session of that source at one end of the lab, created if necessary. `now` is monotonic, in ms. */
  of(end: LocalEnd, address: string, port: number, ssid: number, now: number): Session {
    const latest = this.#latest;
    if (latest?.port === port && latest.ssid === ssid && latest.end === end && latest.address === address) {
      return latest;
    }
    const key = this.#keyOf(end, port, ssid);
    const session = this.#table.get(address)?.get(key) ?? this.#add(end, address, port, ssid, now);
    this.#latest = session;
    return session;
  }

  /** Every session with that id, oldest first. */
  withId(ssid: number): Session[] {
    const found = this.#queue.sessions().filter((session) => session.ssid === ssid);
    return found.sort((a, b) => a.firstAt - b.firstAt);
  }

  /**
   * The sessions with that id that an HTTP client may see, oldest first. The client's address is not forged, because it
   * has completed a TCP handshake: these sessions are validated, and those of the next minutes.
   * @param ofAll whether it may see the sessions of other addresses than its own
   */
  shownTo(client: string, ofAll: boolean, ssid: number, now: number): ShownSessions {
    const reader = this.#readers.note({ client, ofAll, ssid }, now, this.overflows);
    const sessions = this.withId(ssid).filter(({ address }) => reader.sees(address));
    for (const session of sessions) if (!session.isValidated) this.#queue.validate(session);
    return { sessions, evictedSessions: reader.evictions };
  }

  #add(end: LocalEnd, address: string, port: number, ssid: number, now: number): Session {
    if (this.#queue.size >= this.limit) this.#evictFor(address, now);
    const session = new Session(end, address, port, ssid, now);
    if (this.#evicted.has(address, port, ssid)) session.continueNumbers();
    // The source of a TCP connection has completed its handshake.
    session.isValidated = REGISTRY[end.protocol].connections || this.#readers.expect(ssid, address, now);
    const row = this.#table.get(address) ?? new Map<number, Session>();
    row.set(this.#keyOf(end, port, ssid), session);
    this.#table.set(address, row);
    this.#queue.add(session);
    return session;
  }

  /** Forgets a session for a new one from `address`. */
  #evictFor(address: string, now: number): void {
    const session = this.#queue.evictFor(address, now);
    if (session === undefined) return;
    const row = this.#table.get(session.address);
    row?.delete(this.#keyOf(session.end, session.port, session.ssid));
    if (row?.size === 0) this.#table.delete(session.address);
    if (this.#latest === session) this.#latest = undefined;
    this.#evictions[standingOf(session)]++;
    this.#evicted.add(session);
    this.#readers.countEviction(session.ssid, session.address);
  }

  /** End, port and session id in one integer. */
  #keyOf(end: LocalEnd, port: number, ssid: number): number {
    return this.#ends.indexOf(end) * 2 ** 32 + port * 65_536 + ssid;
  }
}
