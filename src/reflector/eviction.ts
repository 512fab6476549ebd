/**
 * Chooses the session that a full table forgets: an idle one, then a new one, then one with many packets, and last one
 * whose source is validated. A source prefix that has a large part of the table forgets its own. A flood of forged sources
 * forgets its own sessions.
 */
import { sourcePrefix } from "../base/address.ts";
import { type Evictable, Ranks } from "./eviction-ranks.ts";

/** The part of a full table from which on a source prefix forgets its own sessions: all of them, and new ones. */
const PREFIX_SHARE = 1 / 2;
const NEW_PREFIX_SHARE = 1 / 16;

/** The sessions of a table in the order in which they are considered, in all and by source prefix. */
export class EvictionQueue<Session extends Evictable> {
  readonly #all = new Ranks<Session>();
  readonly #byPrefix = new Map<string, Ranks<Session>>();

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#all.size;
  }

  /** Every session. */
  sessions(): Session[] {
    return this.#all.sessions();
  }

  add(session: Session): void {
    const prefix = sourcePrefix(session.address);
    let own = this.#byPrefix.get(prefix);
    if (own === undefined) {
      own = new Ranks();
      this.#byPrefix.set(prefix, own);
    }
    own.add(session);
    this.#all.add(session);
  }

  /** Removes and returns the session to forget for a new one from `address`; undefined if there is none. */
  evictFor(address: string, now: number): Session | undefined {
    const own = this.#byPrefix.get(sourcePrefix(address));
    const victim = this.#all.findIdle(now) ?? this.#ownVictim(own, now) ?? this.#all.choose(now);
    if (victim !== undefined) this.remove(victim);
    return victim;
  }

  /** If the new one's prefix has a large part of the table: an idle new session, or one of that prefix. */
  #ownVictim(own: Ranks<Session> | undefined, now: number): Session | undefined {
    if (own === undefined) return undefined;
    const isLarge = own.size >= this.limit * PREFIX_SHARE;
    if (!isLarge && own.newSize < this.limit * NEW_PREFIX_SHARE) return undefined;
    return this.#all.findIdleNew(now) ?? (isLarge ? own.choose(now) : own.chooseNew(now));
  }

  /** Notes that the session's source is not forged. */
  validate(session: Session): void {
    const own = this.#byPrefix.get(sourcePrefix(session.address));
    for (const ranks of [own, this.#all]) ranks?.remove(session);
    session.isValidated = true;
    for (const ranks of [own, this.#all]) ranks?.add(session);
  }

  /** Removes a session that has ended. */
  remove(session: Session): void {
    this.#all.remove(session);
    const prefix = sourcePrefix(session.address);
    const own = this.#byPrefix.get(prefix);
    own?.remove(session);
    if (own?.size === 0) this.#byPrefix.delete(prefix);
  }
}
