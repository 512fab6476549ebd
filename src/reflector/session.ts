/** One measurement session of the reflector: the packets received and answered, by sequence number. */
import { formatPeer } from "../base/address.ts";
import type { StampProtocol } from "../base/protocol.ts";

/** Number of latest sequence numbers that a session distinguishes; an older one counts as a duplicate. */
const WINDOW = 16_384;
/** Sequence numbers for which a new session has memory; doubles as they become more. A power of two, as WINDOW is. */
const FIRST_WINDOW = 128;

/** The first sequence number of the responses in a session that was evicted before. */
const CONTINUED_FROM = 2 ** 31;

/** State of one sequence number; bits of an octet. */
const ARRIVED = 1;
const HANDLED = 2;
const ANSWERED = 4;
const DROPPED_DOWN = 8;
const DISCARDED = 16;

/** The end of the lab at which a session's packets arrive. */
export interface LocalEnd {
  readonly protocol: StampProtocol;
  /** The address that the listener is bound to; `0.0.0.0` or `::` for every address. */
  readonly address: string;
  readonly port: number;
  /** Datagrams that the kernel dropped at the listener's socket so far; undefined if this cannot happen. */
  readonly receiveBufferDrops: () => number | undefined;
}

/**
 * One session of a stateful reflector (RFC 8762 section 4.3). Packets are counted by the sender's sequence number, not by
 * copy: a duplicate neither hides a loss nor adds one.
 */
export class Session {
  /** Distinct sequence numbers received. */
  unique = 0;
  /** Packets whose sequence number was received before. */
  duplicate = 0;
  /** Packets of which at least one copy was not dropped upstream. */
  handled = 0;
  /** Packets of which at least one response was passed to the kernel. */
  answered = 0;
  /** Handled packets of which a fault dropped every response downstream. */
  droppedDown = 0;
  /** Handled packets without a response for another reason: full delay queue, failed send. */
  discarded = 0;
  /** Packets that have been read, but whose way up has not ended: a fault delays them. They are not received yet. */
  onWayUp = 0;
  /** Monotonic times of the first and the last packet, ms. */
  firstAt: number;
  lastAt: number;
  /** Whether its source is known not to be forged. */
  isValidated = false;

  /** The states of the latest sequence numbers, at their lowest bits. Has a power of two of elements, up to WINDOW. */
  #marks = new Uint8Array(FIRST_WINDOW);
  #highest = -1;
  #lowest = 0;
  #nextSequence = 0;

  constructor(
    readonly end: LocalEnd,
    readonly address: string,
    readonly port: number,
    readonly ssid: number,
    now: number,
  ) {
    this.firstAt = now;
    this.lastAt = now;
  }

  /** Source address and port, `127.0.0.1:7000` or `[::1]:7000`. */
  get source(): string {
    return formatPeer(this.address, this.port);
  }

  /** Handled packets without a final state yet. Never negative, even when sequence numbers jump. */
  get waiting(): number {
    return this.handled - this.answered - this.droppedDown - this.discarded;
  }

  /** Records the receipt of a packet with the sender's `sequence`. */
  arrive(sequence: number, now: number): void {
    this.lastAt = now;
    this.#advance(sequence);
    if (this.#mark(sequence, ARRIVED)) this.unique++;
    else this.duplicate++;
  }

  /** Records that the packet was not dropped upstream. */
  handle(sequence: number): void {
    if (this.#mark(sequence, HANDLED)) this.handled++;
  }

  /**
   * The session was evicted before, so that its numbers are not those of all its responses. They start far above 0: from 0,
   * a sender that got none of the earlier responses would take its packets for lost upstream.
   */
  continueNumbers(): void {
    this.#nextSequence = CONTINUED_FROM;
  }

  /** The reflector's sequence number for the next response; a response that a fault then drops has used it. */
  takeSequence(): number {
    const sequence = this.#nextSequence;
    this.#nextSequence = (sequence + 1) >>> 0;
    return sequence;
  }

  /** Records that its response was passed to the kernel. */
  answer(sequence: number): void {
    if (!this.#mark(sequence, ANSWERED)) return;
    if (this.#unmark(sequence, DROPPED_DOWN)) this.droppedDown--;
    if (this.#unmark(sequence, DISCARDED)) this.discarded--;
    if (this.waiting > 0) this.answered++;
  }

  /** Records that a fault dropped its response. */
  dropDown(sequence: number): void {
    if (this.#has(sequence, ANSWERED | DISCARDED) || !this.#mark(sequence, DROPPED_DOWN)) return;
    if (this.waiting > 0) this.droppedDown++;
  }

  /** Records that it gets no response for a reason that is not a fault. */
  discard(sequence: number): void {
    if (this.#has(sequence, ANSWERED | DROPPED_DOWN) || !this.#mark(sequence, DISCARDED)) return;
    if (this.waiting > 0) this.discarded++;
  }

  /** Moves the window up to `sequence` (32 bits, wrapping) and clears the states that leave it. */
  #advance(sequence: number): void {
    if (this.#marks.length < WINDOW) this.#include(sequence);
    const size = this.#marks.length;
    const step = this.#highest < 0 ? size : (sequence - this.#highest) | 0;
    if (step <= 0) return;
    if (step >= size) this.#marks.fill(0);
    else for (let i = 1; i <= step; i++) this.#marks[(this.#highest + i) & (size - 1)] = 0;
    this.#highest = sequence;
  }

  /** Enlarges the memory until it holds every sequence number of the session, or WINDOW of them. */
  #include(sequence: number): void {
    if (this.#highest < 0 || ((this.#lowest - sequence) | 0) > 0) this.#lowest = sequence;
    const isHighest = this.#highest < 0 || ((sequence - this.#highest) | 0) > 0;
    const highest = isHighest ? sequence : this.#highest;
    const span = (highest - this.#lowest) >>> 0;
    while (this.#marks.length <= span && this.#marks.length < WINDOW) this.#double();
  }

  #double(): void {
    const before = this.#marks;
    const after = new Uint8Array(before.length * 2);
    for (let i = 0; i < before.length; i++) {
      const sequence = this.#highest - i;
      after[sequence & (after.length - 1)] = before[sequence & (before.length - 1)] ?? 0;
    }
    this.#marks = after;
  }

  /** Whether `sequence` is inside the window. */
  #inWindow(sequence: number): boolean {
    return ((this.#highest - sequence) | 0) < this.#marks.length;
  }

  #at(sequence: number): number {
    return sequence & (this.#marks.length - 1);
  }

  #has(sequence: number, bits: number): boolean {
    return this.#inWindow(sequence) && ((this.#marks[this.#at(sequence)] ?? 0) & bits) !== 0;
  }

  /** Sets a bit; returns whether it was unset. Outside the window only final states count, and each call counts. */
  #mark(sequence: number, bit: number): boolean {
    if (!this.#inWindow(sequence)) return bit !== ARRIVED && bit !== HANDLED;
    const marks = this.#marks[this.#at(sequence)] ?? 0;
    this.#marks[this.#at(sequence)] = marks | bit;
    return (marks & bit) === 0;
  }

  /** Clears a bit; returns whether it was set. */
  #unmark(sequence: number, bit: number): boolean {
    if (!this.#has(sequence, bit)) return false;
    this.#marks[this.#at(sequence)] = (this.#marks[this.#at(sequence)] ?? 0) & ~bit;
    return true;
  }
}
