/** Interrupts the reading of connections when it occupies the event loop. */
import { type Reading, ReadTurns } from "./read-turns.ts";

/** A connection that can stop to read. */
export interface Pausable {
  pauseReading(): void;
  resumeReading(): void;
}

/** Least time of a turn, ms, and what each connection adds, because a pause takes that long for each of them. */
const LEAST_MS = 5;
const CONNECTION_MS = 0.0025;
/** Most connections whose input waits before further connections are read: each has up to 512 KiB, or 87,000 messages. */
const MOST_WAITING = 16;

/**
 * The reading of all connections of one listener. The runtime passes up to 5 MiB of one connection in a turn, which are
 * 100,000 packets. Of a paused TCP connection it passes nothing, also if that is paused during the turn; of a paused TLS or
 * WebSocket connection it passes what it has read already, which then waits.
 */
export class ConnectionTurns implements Reading {
  held = false;
  /** Whether the connections are paused: also while waiting input is processed. */
  isPaused = false;
  /** The processing of input that waits, one function for each connection, in the order of their turns. */
  readonly #waiting: (() => void)[] = [];
  /** Whether the last turn was for input that waits. */
  #wasForWaiting = false;
  /** Position of the connection that is resumed first. */
  #first = 0;
  readonly #turns: ReadTurns;

  constructor(
    /** The open connections. */
    private readonly open: Iterable<Pausable> & { readonly size: number },
    now: () => number,
  ) {
    this.#turns = new ReadTurns(this, now, () => LEAST_MS + CONNECTION_MS * this.open.size);
  }

  /** Called for each packet, which was received at the time `now` (ms). */
  note(now: number): void {
    this.#turns.note(now);
  }

  hold(): void {
    this.held = true;
    if (this.isPaused) return;
    this.isPaused = true;
    for (const connection of this.open) connection.pauseReading();
  }

  /** Calls `work` in a later turn, after the connections that wait already. Called while the reading is held. */
  later(work: () => void): void {
    this.#waiting.push(work);
  }

  /**
   * Starts the next turn. Every other one is for the connections without waiting input, however much waits of the others:
   * otherwise one peer that never stops to send would have all of them.
   */
  release(): void {
    if (!this.held) return;
    this.held = false;
    const isNext = !this.#wasForWaiting || this.#waiting.length >= MOST_WAITING;
    this.#wasForWaiting = isNext && this.#waiting.length > 0;
    if (this.#wasForWaiting) while (!this.held && this.#waiting.length > 0) this.#waiting.shift()?.();
    else if (this.#waiting.length > 0) setImmediate(this.#continueWaiting);
    // The waiting input can have held the reading once more.
    if (this.held || !this.isPaused) return;
    this.isPaused = false;
    this.#resume();
  }

  /** Resumes the connections, beginning with another one each time: the runtime reads them in this order, until it is held. */
  #resume(): void {
    const first = this.#first++ % Math.max(1, this.open.size);
    let index = 0;
    for (const connection of this.open) if (index++ >= first) connection.resumeReading();
    index = 0;
    for (const connection of this.open) {
      if (index++ >= first) break;
      connection.resumeReading();
    }
  }

  /** The turn of the other connections is over: the waiting input is next. */
  readonly #continueWaiting = (): void => {
    this.hold();
    this.release();
  };
}
