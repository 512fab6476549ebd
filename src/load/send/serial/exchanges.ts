/** The connections of a serial client, and which of them are free. */
import type { Recorder } from "../../measure/recorder.ts";
import type { SerialConnection } from "./connection.ts";

/** Sequence number of a connection without a packet. */
export const IDLE = -1;

/** A packet that was accepted. */
export interface AcceptedPacket {
  readonly sequence: number;
  readonly acceptedAt: number;
  /** The recorder of the packet: the answer to a warm-up packet is not counted later. */
  readonly recorder: Recorder;
  /** Whether the packet is one of the run. A packet of the warm-up can wait for its connection until the run begins. */
  readonly ofRun: boolean;
}

/** A connection and the packet in flight on it. */
export interface Exchange {
  readonly connection: SerialConnection;
  /** Sequence number of the packet, or IDLE; then the connection is free, or is being opened. */
  sequence: number;
  /** Whether the packet was written. */
  isWritten: boolean;
  sentAt: number;
  /** Time of the last answer on the open connection, monotonic ms; -Infinity without one. */
  answeredAt: number;
  /** Earliest time of the next connection attempt, monotonic ms. */
  retryAt: number;
  lastError: string;
  /** How long the part of the answer that was read last had waited, ms; undefined before the first and if not known. */
  waited: number | undefined;
  recorder: Recorder;
  ofRun: boolean;
}

/** A connection that is not open yet. */
export function newExchange(connection: SerialConnection, recorder: Recorder): Exchange {
  return {
    connection,
    sequence: IDLE,
    isWritten: false,
    sentAt: 0,
    answeredAt: Number.NEGATIVE_INFINITY,
    retryAt: 0,
    lastError: "",
    waited: undefined,
    recorder,
    ofRun: true,
  };
}

/** Gives a packet to a free connection. */
export function assign(exchange: Exchange, { sequence, acceptedAt, recorder, ofRun }: AcceptedPacket): void {
  exchange.waited = undefined;
  exchange.recorder = recorder;
  exchange.ofRun = ofRun;
  exchange.sequence = sequence;
  exchange.sentAt = acceptedAt;
  exchange.isWritten = false;
}

/** How many connections there can be, and how long they rest. */
export interface ExchangeLimits {
  /** Most connections with a packet. */
  readonly connections: number;
  /** Connections that can rest, in addition to those with a packet. */
  resting: number;
  readonly waitMs: number;
  readonly rests: boolean;
}

/** The connections of a client. */
export class Exchanges {
  readonly all: Exchange[] = [];
  readonly #limits: ExchangeLimits;
  readonly #make: () => Exchange;
  /** In the order in which they became free. */
  readonly #idle: Exchange[] = [];
  /** Free ones that are not open; those that rest stay in order. */
  readonly #closed: Exchange[] = [];

  constructor(limits: ExchangeLimits, make: () => Exchange) {
    this.#limits = limits;
    this.#make = make;
  }

  /** Adds a connection, which is not free. */
  add(): Exchange {
    const exchange = this.#make();
    this.all.push(exchange);
    return exchange;
  }

  /** The connection is free. */
  free(exchange: Exchange): void {
    if (this.#limits.rests || exchange.connection.usable) this.#idle.push(exchange);
    else this.#closed.push(exchange);
  }

  /** A free connection that is open; undefined if there is none. */
  takeOpen(): Exchange | undefined {
    for (let exchange = this.#idle.pop(); exchange; exchange = this.#idle.pop()) {
      if (exchange.connection.usable) return exchange;
      this.#closed.push(exchange);
    }
    return undefined;
  }

  /** A connection that is to be opened: a free one or a new one; undefined if there are as many as there can be. */
  takeClosed(): Exchange | undefined {
    return this.#closed.pop() ?? (this.all.length < this.#limits.connections ? this.add() : undefined);
  }

  /** The connection that has rested longest, or a new one if it rested too short; undefined as for `takeClosed`. */
  takeRested(now: number, recorder: Recorder): Exchange | undefined {
    const { connections, resting, waitMs } = this.#limits;
    if (this.all.length - this.#idle.length >= connections) return undefined;
    const restMs = now - (this.#idle[0]?.answeredAt ?? now);
    if (restMs < waitMs && this.all.length < connections + resting) return this.add();
    const exchange = this.#idle.shift();
    if (exchange) recorder.copies.shortestRestMs = Math.min(recorder.copies.shortestRestMs, restMs);
    return exchange;
  }
}
