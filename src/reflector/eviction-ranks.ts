/** Sessions by their standing: which of them a full table forgets first. */

/** The part of a session, or of a relay's association, on which the choice depends. */
export interface Evictable {
  readonly address: string;
  /** Distinct packets received. */
  readonly unique: number;
  /** Time of the last packet, monotonic ms. */
  readonly lastAt: number;
  /** Whether its source is known not to be forged. Set by the queue. */
  isValidated?: boolean;
}

/** A session's rank: `new` ones are forgotten first, `validated` ones last. */
export type Standing = "new" | "established" | "validated";

/** Packets from which on a session is established. */
const ESTABLISHED_PACKETS = 8;
/** A session without a packet for this long is forgotten before all others. */
const IDLE_MS = 30_000;
/** Most established or validated sessions that one choice compares, which bounds its time. */
const MAX_STEPS = 64;
/** Established and validated sessions, each, that one choice checks for idle ones. */
const IDLE_STEPS = 4;

/** The standing of a session. */
export function standingOf({ isValidated, unique }: Evictable): Standing {
  if (isValidated === true) return "validated";
  return unique < ESTABLISHED_PACKETS ? "new" : "established";
}

function isIdle({ lastAt }: Evictable, now: number): boolean {
  return now - lastAt > IDLE_MS;
}

/** The sessions of a table, or of one source prefix, in the order in which they are considered. */
export class Ranks<Session extends Evictable> {
  /** With the packets that each had when it was considered last: one that sends more is considered again later. */
  readonly #new = new Map<Session, number>();
  // Most source prefixes of a flood have a single new session: the sets are made when they are needed.
  #established: Set<Session> | undefined;
  #validated: Set<Session> | undefined;

  get size(): number {
    return this.#new.size + (this.#established?.size ?? 0) + (this.#validated?.size ?? 0);
  }

  /** Sessions that are new, or were when they were considered last. */
  get newSize(): number {
    return this.#new.size;
  }

  /** Every session. */
  sessions(): Session[] {
    return [...(this.#validated ?? []), ...(this.#established ?? []), ...this.#new.keys()];
  }

  add(session: Session): void {
    if (session.isValidated) this.#addValidated(session);
    else this.#new.set(session, 1);
  }

  remove(session: Session): void {
    this.#new.delete(session);
    this.#established?.delete(session);
    this.#validated?.delete(session);
  }

  #addValidated(session: Session): void {
    this.#validated ??= new Set();
    this.#validated.add(session);
  }

  #addEstablished(session: Session): void {
    this.#established ??= new Set();
    this.#established.add(session);
  }

  /** An idle session among a few of the established and validated ones; undefined if none of them is. */
  findIdle(now: number): Session | undefined {
    return idleOf(this.#established, now) ?? idleOf(this.#validated, now);
  }

  /** The new session that is considered next, if it is idle. */
  findIdleNew(now: number): Session | undefined {
    const next = this.#new.keys().next().value;
    return next !== undefined && isIdle(next, now) ? next : undefined;
  }

  /**
   * The new session to forget: the first one without a packet since it was considered last. Each step of the search is
   * paid for by a packet of the session that it passes.
   */
  chooseNew(now: number): Session | undefined {
    for (const [session, packets] of this.#new) {
      if (session.unique <= packets || isIdle(session, now)) return session;
      this.#new.delete(session);
      if (standingOf(session) === "new") this.#new.set(session, session.unique);
      else this.#addEstablished(session);
    }
    return undefined;
  }

  /** The session to forget; undefined if there is none. */
  choose(now: number): Session | undefined {
    return this.chooseNew(now) ?? longestSilentOf(this.#established) ?? longestSilentOf(this.#validated);
  }
}

/** An idle session among the next few of the set, which become its last ones. */
function idleOf<Session extends Evictable>(sessions: Set<Session> | undefined, now: number): Session | undefined {
  let steps = 0;
  if (sessions === undefined) return undefined;
  for (const session of sessions) {
    if (isIdle(session, now)) return session;
    if (++steps > IDLE_STEPS) return undefined;
    moveToEnd(sessions, session);
  }
  return undefined;
}

/** The session that has sent nothing for the longest time among the next ones of the set, which become its last ones. */
function longestSilentOf<Session extends Evictable>(sessions: Set<Session> | undefined): Session | undefined {
  if (sessions === undefined) return undefined;
  let silent: Session | undefined;
  let steps = 0;
  for (const session of sessions) {
    if (silent === undefined || session.lastAt < silent.lastAt) silent = session;
    if (++steps >= Math.min(MAX_STEPS, sessions.size)) return silent;
    moveToEnd(sessions, session);
  }
  return silent;
}

function moveToEnd<Session>(sessions: Set<Session>, session: Session): void {
  sessions.delete(session);
  sessions.add(session);
}
