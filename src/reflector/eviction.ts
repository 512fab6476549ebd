/**
 * Chooses the session that a full table forgets: one with few packets before one with many, and if a source prefix has
 * half of the table, one of that prefix. A flood of forged sources forgets its own sessions.
 */
import { sourcePrefix } from "../base/address.ts";

/** The part of a session, or of a relay's association, on which the choice depends. */
export interface Evictable {
  readonly address: string;
  /** Distinct packets received. */
  readonly unique: number;
  /** Time of the last packet, monotonic ms. */
  readonly lastAt: number;
}

/** Packets from which on a session is established. */
const ESTABLISHED_PACKETS = 8;
/** An established session without a packet for this long is treated as a new one. */
const IDLE_MS = 30_000;
/** Most sessions that one choice looks at, which bounds its time. */
const MAX_STEPS = 64;
/** Established sessions that each choice checks for idle ones. */
const IDLE_STEPS = 4;

/** The sessions of a table in the order in which they are considered. */
export class EvictionQueue<Session extends Evictable> {
  readonly #new = new Set<Session>();
  readonly #established = new Set<Session>();
  readonly #byPrefix = new Map<string, Set<Session>>();

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#new.size + this.#established.size;
  }

  /** Every session. */
  sessions(): Session[] {
    return [...this.#established, ...this.#new];
  }

  add(session: Session): void {
    this.#new.add(session);
    const prefix = sourcePrefix(session.address);
    const sessions = this.#byPrefix.get(prefix) ?? new Set();
    this.#byPrefix.set(prefix, sessions.add(session));
  }

  /** Removes and returns the session to forget for a new one from `address`; undefined if there is none. */
  evictFor(address: string, now: number): Session | undefined {
    const own = this.#byPrefix.get(sourcePrefix(address));
    const victim = own && own.size * 2 >= this.limit ? weakestOf(own, now) : this.#chooseFromAll(now);
    if (victim !== undefined) this.remove(victim);
    return victim;
  }

  #chooseFromAll(now: number): Session | undefined {
    this.#demoteIdle(now);
    let steps = 0;
    for (const session of this.#new) {
      if (session.unique < ESTABLISHED_PACKETS || now - session.lastAt > IDLE_MS || ++steps > MAX_STEPS) return session;
      this.#new.delete(session);
      this.#established.add(session);
    }
    return weakestOf(this.#established, now);
  }

  #demoteIdle(now: number): void {
    let steps = 0;
    for (const session of this.#established) {
      if (++steps > IDLE_STEPS) return;
      this.#established.delete(session);
      (now - session.lastAt > IDLE_MS ? this.#new : this.#established).add(session);
    }
  }

  /** Removes a session that has ended. */
  remove(session: Session): void {
    this.#new.delete(session);
    this.#established.delete(session);
    const prefix = sourcePrefix(session.address);
    const own = this.#byPrefix.get(prefix);
    own?.delete(session);
    if (own?.size === 0) this.#byPrefix.delete(prefix);
  }
}

/** The first session that is new or idle, or of those looked at the one that has sent nothing for the longest time. */
function weakestOf<Session extends Evictable>(sessions: Set<Session>, now: number): Session | undefined {
  let weakest: Session | undefined;
  let steps = 0;
  for (const session of sessions) {
    if (session.unique < ESTABLISHED_PACKETS || now - session.lastAt > IDLE_MS) return session;
    if (weakest === undefined || session.lastAt < weakest.lastAt) weakest = session;
    if (++steps >= MAX_STEPS) return weakest;
    sessions.delete(session);
    sessions.add(session);
  }
  return weakest;
}
