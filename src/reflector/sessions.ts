/** What the reflector remembers of each measurement session: who sends, what arrived, what was answered. Bounded. */
import { formatPeer } from "../base/address.ts";
import type { Bounded } from "../base/bounded.ts";

/** How many of the latest sequence numbers a session tells apart; an older one counts as a duplicate. */
const WINDOW = 16_384;
const MASK = WINDOW - 1;

/** What has happened to one sequence number; bits of a byte. */
const ARRIVED = 1;
const HANDLED = 2;
const ANSWERED = 4;
const TAKEN = 8;
const DISCARDED = 16;

/**
 * One session of a stateful reflector (RFC 8762 section 4.3). Everything is counted by packet, that is by the
 * sender's sequence number, not by copy: a duplicate neither hides a loss nor makes one.
 */
export class Session {
  /** Sequence numbers that arrived, each once. */
  unique = 0;
  /** Copies of a sequence number that had arrived before. */
  duplicate = 0;
  /** Packets of which at least one copy was not taken on the way up. */
  handled = 0;
  /** Packets of which at least one answer went to the kernel. */
  answered = 0;
  /** Handled packets whose every answer a fault took on the way down. */
  droppedDown = 0;
  /** Handled packets that got no answer for another reason: the delay queue was full, the send failed. */
  discarded = 0;
  /** Monotonic moments of the first and the last packet, ms. */
  firstAt: number;
  lastAt: number;
  /** Set at each packet, cleared as the table looks for a session to forget. */
  recent = true;

  readonly #marks = new Uint8Array(WINDOW);
  #highest = -1;
  #nextSequence = 0;

  constructor(
    readonly protocol: "tcp" | "udp",
    readonly address: string,
    readonly port: number,
    readonly ssid: number,
    now: number,
  ) {
    this.firstAt = now;
    this.lastAt = now;
  }

  /** Where the packets come from, `127.0.0.1:7000` or `[::1]:7000`. */
  get source(): string {
    return formatPeer(this.address, this.port);
  }

  /** Handled packets whose end is open. None is counted as settled that was not handled, wherever the numbers jump. */
  get waiting(): number {
    return this.handled - this.answered - this.droppedDown - this.discarded;
  }

  /** A packet with the sender's `sequence` arrived. */
  arrive(sequence: number, now: number): void {
    this.lastAt = now;
    this.recent = true;
    this.#advance(sequence);
    if (this.#mark(sequence, ARRIVED)) this.unique++;
    else this.duplicate++;
  }

  /** It was not taken on the way up. */
  handle(sequence: number): void {
    if (this.#mark(sequence, HANDLED)) this.handled++;
  }

  /** The reflector's sequence number for the next answer; an answer that a fault then takes has used its own. */
  takeSequence(): number {
    const sequence = this.#nextSequence;
    this.#nextSequence = (sequence + 1) >>> 0;
    return sequence;
  }

  /** Its answer went to the kernel. */
  answer(sequence: number): void {
    if (!this.#mark(sequence, ANSWERED)) return;
    if (this.#unmark(sequence, TAKEN)) this.droppedDown--;
    if (this.#unmark(sequence, DISCARDED)) this.discarded--;
    if (this.waiting > 0) this.answered++;
  }

  /** A fault took its answer. */
  take(sequence: number): void {
    if (this.#has(sequence, ANSWERED | DISCARDED) || !this.#mark(sequence, TAKEN)) return;
    if (this.waiting > 0) this.droppedDown++;
  }

  /** It gets no answer, and no fault is to blame. */
  discard(sequence: number): void {
    if (this.#has(sequence, ANSWERED | TAKEN) || !this.#mark(sequence, DISCARDED)) return;
    if (this.waiting > 0) this.discarded++;
  }

  /** Moves the window up to `sequence` (32 bits, wrapping) and forgets what falls out of it. */
  #advance(sequence: number): void {
    const step = this.#highest < 0 ? WINDOW : (sequence - this.#highest) | 0;
    if (step <= 0) return;
    if (step >= WINDOW) this.#marks.fill(0);
    else for (let i = 1; i <= step; i++) this.#marks[(this.#highest + i) & MASK] = 0;
    this.#highest = sequence;
  }

  /** Whether the window still tells `sequence` from the others. */
  #inWindow(sequence: number): boolean {
    return ((this.#highest - sequence) | 0) < WINDOW;
  }

  #has(sequence: number, bits: number): boolean {
    return this.#inWindow(sequence) && ((this.#marks[sequence & MASK] ?? 0) & bits) !== 0;
  }

  /** Sets a bit; true where it was not set. What left the window counts as an answer once, and as nothing else. */
  #mark(sequence: number, bit: number): boolean {
    if (!this.#inWindow(sequence)) return bit !== ARRIVED && bit !== HANDLED;
    const marks = this.#marks[sequence & MASK] ?? 0;
    this.#marks[sequence & MASK] = marks | bit;
    return (marks & bit) === 0;
  }

  /** Clears a bit; true where it was set. */
  #unmark(sequence: number, bit: number): boolean {
    if (!this.#has(sequence, bit)) return false;
    this.#marks[sequence & MASK] = (this.#marks[sequence & MASK] ?? 0) & ~bit;
    return true;
  }
}

/** The reflector's sessions by source address, source port and session id; the least recent goes when it is full. */
export class Sessions implements Bounded {
  readonly #table = new Map<string, Map<number, Session>>();
  /** In the order of their arrival, for forgetting. */
  readonly #queue = new Set<Session>();
  #latest: Session | undefined;
  #overflows = 0;

  constructor(
    /** Most sessions remembered at a time; each takes 16 KiB. */
    readonly limit: number,
  ) {}

  get size(): number {
    return this.#queue.size;
  }

  get overflows(): number {
    return this.#overflows;
  }

  /** The session of that source, new where there was none. `now` is the monotonic moment in ms. */
  of(protocol: "tcp" | "udp", address: string, port: number, ssid: number, now: number): Session {
    const latest = this.#latest;
    if (latest?.port === port && latest.ssid === ssid && latest.protocol === protocol && latest.address === address) {
      return latest;
    }
    const key = keyOf(protocol, port, ssid);
    const session = this.#table.get(address)?.get(key) ?? this.#add(protocol, address, port, ssid, now);
    this.#latest = session;
    return session;
  }

  /** Every session with that id, the oldest first. */
  withId(ssid: number): Session[] {
    return [...this.#queue].filter((session) => session.ssid === ssid);
  }

  #add(protocol: "tcp" | "udp", address: string, port: number, ssid: number, now: number): Session {
    if (this.#queue.size >= this.limit) this.#forgetOne();
    const session = new Session(protocol, address, port, ssid, now);
    const row = this.#table.get(address) ?? new Map<number, Session>();
    row.set(keyOf(protocol, port, ssid), session);
    this.#table.set(address, row);
    this.#queue.add(session);
    return session;
  }

  /** Second chance: one that was used since the last look goes to the end of the queue, the next one that was not goes. */
  #forgetOne(): void {
    for (const session of this.#queue) {
      this.#queue.delete(session);
      if (session.recent) {
        session.recent = false;
        this.#queue.add(session);
        continue;
      }
      const row = this.#table.get(session.address);
      row?.delete(keyOf(session.protocol, session.port, session.ssid));
      if (row?.size === 0) this.#table.delete(session.address);
      if (this.#latest === session) this.#latest = undefined;
      this.#overflows++;
      return;
    }
  }
}

/** Protocol, port and session id in one integer. */
function keyOf(protocol: "tcp" | "udp", port: number, ssid: number): number {
  return (protocol === "tcp" ? 2 ** 32 : 0) + port * 65_536 + ssid;
}
