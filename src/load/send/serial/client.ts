/**
 * The client for answers without numbers. One packet is in flight on each connection, so that an answer can only belong
 * to that packet. Connections are opened when packets need them, up to a limit, and reused.
 */
import { errorCode } from "../../measure/error-code.ts";
import type { Recorder } from "../../measure/recorder.ts";
import type { Client, ClientSettings } from "../client.ts";
import { openingPatience, unreachable } from "../connect.ts";
import { PollTimes } from "../poll-times.ts";
import type { ConnectionEvents, Outcome, SerialConnection } from "./connection.ts";
import { SerialPackets } from "./packets.ts";

/** Time after a failed connection attempt before the next one. */
const RETRY_MS = 100;
/** Sequence number of an idle connection. */
const IDLE = -1;
/** Most local ports that are kept, so that a run that reconnects for each packet does not grow. */
const MAX_PORTS = 65_536;

/** Connections beyond the number of packets in flight, so that each can rest after its answer. */
const MAX_RESTING = 1024;

/** A connection and the packet in flight on it. */
interface Exchange {
  readonly connection: SerialConnection;
  /** Sequence number of the packet, or IDLE; then the exchange is in the list of idle ones. */
  sequence: number;
  sentAt: number;
  /** Time of the last answer on the open connection, monotonic ms; -Infinity without one. */
  answeredAt: number;
  /** Earliest time of the next connection attempt, monotonic ms. */
  retryAt: number;
  lastError: string;
  /** How long the part of the answer that was read last had waited, ms; undefined before the first and if not known. */
  waited: number | undefined;
  /** The recorder of the packet: the answer to a warm-up packet is not counted later. */
  recorder: Recorder;
  /** Whether the packet is one of the run. A packet of the warm-up can wait for its connection until the run begins. */
  ofRun: boolean;
}

/** How a protocol's connections are used. */
export interface Usage {
  /** Whether the service time includes opening a connection for the packet. */
  readonly timeConnecting?: boolean;
  /**
   * Whether the network can copy an answer. A connection then carries its next packet as late as possible, at best one
   * waiting time after the last answer: a copy that arrives meanwhile is counted as a duplicate, and answers no packet.
   */
  readonly rests?: boolean;
}

/** Sends one packet at a time on each connection. */
export class SerialClient implements Client {
  readonly #settings: ClientSettings;
  readonly #makeConnection: (events: ConnectionEvents) => SerialConnection;
  readonly #timeConnecting: boolean;
  readonly #rests: boolean;
  /** Whether packets are now those of the run, and not of its warm-up. */
  #isRun = true;
  /** Connections that can rest, in addition to those with a packet in flight. */
  #resting: number;
  readonly #exchanges: Exchange[] = [];
  /** In the order in which they became idle. */
  readonly #idle: Exchange[] = [];
  readonly localPorts = new Set<number>();
  readonly #polls = new PollTimes();
  readonly #packets: SerialPackets;
  #isClosed = false;
  lastArrival = 0;

  /** @param makeConnection makes a connection that is not open yet */
  constructor(
    settings: ClientSettings,
    makeConnection: (events: ConnectionEvents) => SerialConnection,
    { timeConnecting = false, rests = false }: Usage = {},
  ) {
    this.#settings = settings;
    this.#makeConnection = makeConnection;
    this.#timeConnecting = timeConnecting;
    this.#rests = rests;
    const { highestRate, waitMs } = settings;
    this.#resting = rests ? Math.min(MAX_RESTING, Math.ceil((highestRate * waitMs) / 1000)) : 0;
    this.#packets = new SerialPackets(settings);
  }

  async open(): Promise<void> {
    const { openAll, connections } = this.#settings;
    const count = openAll ? connections : 1;
    for (let index = 0; index < count + this.#resting; index++) {
      const exchange = this.#addExchange();
      await exchange.connection.connect(openingPatience(this.#settings.timeoutMs)).catch((error: unknown) => {
        if (index < count) throw unreachable(this.#settings.endpoint, error);
        this.#resting = index - count; // as many as this process may open
      });
      if (this.#isClosed) exchange.connection.close(); // the run was stopped meanwhile
      if (!exchange.connection.usable || this.#isClosed) break;
      this.#addPort(exchange);
      this.#idle.push(exchange);
    }
  }

  #addExchange(): Exchange {
    const connection = this.#makeConnection({
      onRead: (waited) => this.#onRead(exchange, waited),
      onAnswer: (outcome, octets) => this.#onOutcome(exchange, outcome, octets),
      onSurplus: (octets) => this.#onSurplus(octets),
      onClosed: (outcome) => this.#onOutcome(exchange, outcome, 0),
    });
    const exchange: Exchange = {
      connection,
      sequence: IDLE,
      sentAt: 0,
      answeredAt: Number.NEGATIVE_INFINITY,
      retryAt: 0,
      lastError: "",
      waited: undefined,
      recorder: this.#packets.recorder,
      ofRun: this.#isRun,
    };
    this.#exchanges.push(exchange);
    return exchange;
  }

  #addPort({ connection: { localPort } }: Exchange): void {
    if (localPort !== undefined && this.localPorts.size < MAX_PORTS) this.localPorts.add(localPort);
  }

  send(intendedAt: number, now: number): boolean {
    if (!this.#packets.hasCapacity) return false;
    const exchange = this.#take(now);
    if (exchange === undefined) return false;
    const { connection } = exchange;
    const mustWait = !connection.usable && now < exchange.retryAt;
    if (mustWait && this.#settings.closedLoop) {
      this.#idle.push(exchange);
      return false;
    }
    this.#polls.note(now);
    exchange.waited = undefined;
    exchange.recorder = this.#packets.recorder;
    exchange.ofRun = this.#isRun;
    exchange.sequence = this.#packets.add(intendedAt, now);
    exchange.sentAt = now;
    if (connection.usable) this.#write(exchange, !this.#settings.closedLoop);
    // An open loop keeps its schedule against a target that refuses connections: each of its packets fails.
    else if (mustWait) this.#finish(exchange, { kind: "failed", code: exchange.lastError }, now);
    else this.#connect(exchange, now);
    // The opening of a connection is not lateness of this sender: it began at `now`.
    this.#packets.handedOver(intendedAt, exchange.sentAt);
    return true;
  }

  /** A connection for a packet: the one that has rested longest, a new one if it rested too short, or undefined. */
  #take(now: number): Exchange | undefined {
    const { connections, waitMs } = this.#settings;
    if (this.#exchanges.length - this.#idle.length >= connections) return undefined;
    const canAdd = this.#exchanges.length < connections + this.#resting;
    if (!this.#rests) return this.#idle.pop() ?? (canAdd ? this.#addExchange() : undefined);
    const restMs = now - (this.#idle[0]?.answeredAt ?? now);
    if (restMs < waitMs && canAdd) return this.#addExchange();
    const exchange = this.#idle.shift();
    if (exchange)
      this.#packets.recorder.copies.shortestRestMs = Math.min(this.#packets.recorder.copies.shortestRestMs, restMs);
    return exchange;
  }

  /** Sends the packet. With `fromNow` its service time starts now, otherwise when the client accepted it. */
  #write(exchange: Exchange, fromNow: boolean): void {
    const { sequence, recorder, ofRun } = exchange;
    if (fromNow) {
      exchange.sentAt = this.#settings.clock.now();
      this.#packets.updateSentAt(recorder, sequence, exchange.sentAt);
    }
    this.#packets.countSent(recorder, sequence, exchange.connection.write(sequence, ofRun));
  }

  /** Opens the connection, then sends the packet. */
  #connect(exchange: Exchange, now: number): void {
    exchange.retryAt = now + RETRY_MS;
    exchange.connection.connect(this.#settings.timeoutMs).then(
      () => {
        this.#addPort(exchange);
        if (this.#isClosed || exchange.sequence === IDLE) return exchange.connection.close();
        exchange.retryAt = 0;
        this.#write(exchange, !this.#timeConnecting);
      },
      (error: unknown) => {
        exchange.lastError = errorCode(error);
        if (exchange.sequence === IDLE) return;
        this.#finish(exchange, { kind: "failed", code: exchange.lastError }, this.#settings.clock.now());
        this.#settings.onCapacity();
      },
    );
  }

  /** Notes how long a part of an answer waited: at most since the packet was sent, or the sockets were read. */
  #onRead(exchange: Exchange, waited: () => number | undefined): void {
    const now = this.#settings.clock.now();
    const longest = now - Math.max(exchange.sentAt, this.#polls.polledAt);
    const delay = this.#polls.mayHaveWaited(now) ? waited() : 0;
    exchange.waited = delay === undefined ? undefined : Math.min(longest, delay);
  }

  #onOutcome(exchange: Exchange, outcome: Outcome, octets: number): void {
    if (this.#isClosed) return;
    const now = this.#settings.clock.now();
    if (exchange.sequence === IDLE) {
      this.#countCopy(exchange, outcome, octets, now);
      return;
    }
    this.lastArrival = now;
    exchange.recorder.counts.bytesReceived += octets;
    if (exchange.waited !== undefined) exchange.recorder.receiveDelay.record(exchange.waited);
    this.#finish(exchange, outcome, now, octets);
    exchange.recorder.recordUndelayed(exchange.waited ?? 0);
    this.#settings.onCapacity();
  }

  /** Counted in the present recorder, because the answers to its packets may be shifted by one of an earlier packet. */
  #onSurplus(octets: number): void {
    if (this.#isClosed) return;
    this.lastArrival = this.#settings.clock.now();
    const { recorder } = this.#packets;
    recorder.counts.bytesReceived += octets;
    recorder.surplusAnswers++;
  }

  /** An answer on an idle connection is a copy of the last one. */
  #countCopy({ recorder, answeredAt }: Exchange, { kind }: Outcome, octets: number, now: number): void {
    if (kind !== "answered" || !this.#rests || recorder !== this.#packets.recorder) return;
    recorder.counts.duplicate++;
    recorder.counts.bytesReceived += octets;
    recorder.copies.longestLagMs = Math.max(recorder.copies.longestLagMs, now - answeredAt);
  }

  /** Makes the connection idle, and counts the outcome of its packet. */
  #finish(exchange: Exchange, outcome: Outcome, now: number, octets = 0): void {
    const { sequence } = exchange;
    exchange.sequence = IDLE;
    if (outcome.kind === "answered") exchange.answeredAt = now;
    else if (!exchange.connection.usable) exchange.answeredAt = Number.NEGATIVE_INFINITY;
    this.#idle.push(exchange);
    if (exchange.recorder === this.#packets.recorder) this.#packets.count(sequence, outcome, now, octets);
  }

  flush(): void {}

  /** Closes connections whose packet was not answered within the waiting time. */
  tick(now: number): void {
    this.#packets.expire(now);
    for (const exchange of this.#exchanges) {
      if (exchange.sequence === IDLE || now - exchange.sentAt <= this.#settings.waitMs) continue;
      exchange.sequence = IDLE;
      exchange.answeredAt = Number.NEGATIVE_INFINITY; // the next packet has another port
      exchange.connection.close();
      this.#idle.push(exchange);
    }
  }

  restart(recorder: Recorder, ssid: number): void {
    this.#isRun = ssid === this.#settings.ssid;
    this.#packets.restart(recorder);
  }

  finish(): void {}

  get pending(): number {
    return this.#packets.recorder.pending;
  }

  bufferDrops(): undefined {
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    for (const { connection } of this.#exchanges) connection.close();
  }
}
