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

/**
 * The reading of all connections of one listener. The runtime passes up to 5 MiB of one connection in a turn, which are
 * 100,000 packets. It passes nothing of a paused connection, also if that is paused during the turn.
 */
export class ConnectionTurns implements Reading {
  held = false;
  /** Whether the connections are paused: also while the rest of a chunk is processed. */
  isPaused = false;
  /** What is left of chunks whose processing was interrupted. A held reading passes no further chunks: it is one. */
  #rest: (() => void)[] = [];
  /** Whether the last turn was for the rest of chunks. */
  #wasRest = false;
  readonly #turns: ReadTurns;

  constructor(
    /** The open connections. */
    private readonly open: Iterable<Pausable> & { readonly size: number },
    now: () => number,
    /** Whether connections with a rest stay paused while the others are read; otherwise the order of `open` has to change. */
    private readonly alternates = true,
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

  /** Calls `work` in the next turn, before the connections are read again. */
  later(work: () => void): void {
    this.#rest.push(work);
  }

  /**
   * Starts the next turn. Every other one is for the connections of which nothing is left, however long the rest of the others'
   * chunks is: otherwise one peer that never stops to send would have all of them.
   */
  release(): void {
    if (!this.held) return;
    this.held = false;
    this.#wasRest = this.#rest.length > 0 && !(this.alternates && this.#wasRest);
    if (this.#wasRest) for (const work of this.#rest.splice(0)) work();
    else if (this.#rest.length > 0) setImmediate(this.#continueRest);
    // The rest can have held the reading once more.
    if (this.held || !this.isPaused) return;
    this.isPaused = false;
    for (const connection of this.open) connection.resumeReading();
  }

  /** The turn of the other connections is over: the rest is next. */
  readonly #continueRest = (): void => {
    this.hold();
    this.release();
  };
}
