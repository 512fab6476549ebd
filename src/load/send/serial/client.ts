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
import {
  type AcceptedPacket,
  assign,
  type Exchange,
  type ExchangeLimits,
  Exchanges,
  IDLE,
  newExchange,
} from "./exchanges.ts";
import { SerialPackets } from "./packets.ts";
import { WaitingPackets } from "./waiting.ts";

/** Time after a failed connection attempt before the next one. */
const RETRY_MS = 100;
/** Most local ports that are kept, so that a run that reconnects for each packet does not grow. */
const MAX_PORTS = 65_536;

/** Connections beyond the number of packets in flight, so that each can rest after its answer. */
const MAX_RESTING = 1024;

/** A packet that was not sent, because it had no connection within its time. */
const TIMED_OUT: Outcome = { kind: "failed", code: "ETIMEDOUT" };

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

/**
 * Sends one packet at a time on each connection. A packet that finds none free waits until one is opened for it, or another one
 * becomes free: a slow handshake then delays no packet that another connection can carry. A connection whose packet was sent
 * on another one while it was being opened is that of a later packet, so that slow handshakes do not multiply connections. A
 * packet is sent on the connection that was opened for it if the opening is a part of what is measured, or if connections rest.
 */
export class SerialClient implements Client {
  readonly #settings: ClientSettings;
  readonly #makeConnection: (events: ConnectionEvents) => SerialConnection;
  readonly #timeConnecting: boolean;
  readonly #rests: boolean;
  /** Whether packets wait for any connection. */
  readonly #shares: boolean;
  /** Whether packets are now those of the run, and not of its warm-up. */
  #isRun = true;
  readonly #limits: ExchangeLimits;
  readonly #exchanges: Exchanges;
  readonly #waiting = new WaitingPackets();
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
    this.#shares = !rests && !timeConnecting;
    const { connections, highestRate, waitMs } = settings;
    const resting = rests ? Math.min(MAX_RESTING, Math.ceil((highestRate * waitMs) / 1000)) : 0;
    this.#limits = { connections, resting, waitMs, rests };
    this.#exchanges = new Exchanges(this.#limits, () => this.#newExchange());
    this.#packets = new SerialPackets(settings);
  }

  async open(): Promise<void> {
    const { openAll, connections } = this.#settings;
    const count = openAll ? connections : 1;
    for (let index = 0; index < count + this.#limits.resting; index++) {
      const exchange = this.#exchanges.add();
      await exchange.connection.connect(openingPatience(this.#settings.timeoutMs)).catch((error: unknown) => {
        if (index < count) throw unreachable(this.#settings.endpoint, error);
        this.#limits.resting = index - count; // as many as this process may open
      });
      if (this.#isClosed) exchange.connection.close(); // the run was stopped meanwhile
      if (!exchange.connection.usable || this.#isClosed) break;
      this.#addPort(exchange);
      this.#exchanges.free(exchange);
    }
  }

  #newExchange(): Exchange {
    const connection = this.#makeConnection({
      onRead: (waited) => this.#onRead(exchange, waited),
      onAnswer: (outcome, octets) => this.#onOutcome(exchange, outcome, octets),
      onSurplus: (octets) => this.#onSurplus(octets),
      onClosed: (outcome) => this.#onOutcome(exchange, outcome, 0),
    });
    const exchange = newExchange(connection, this.#packets.recorder);
    return exchange;
  }

  #addPort({ connection: { localPort } }: Exchange): void {
    if (localPort !== undefined && this.localPorts.size < MAX_PORTS) this.localPorts.add(localPort);
  }

  send(intendedAt: number, now: number): boolean {
    if (!this.#packets.hasCapacity) return false;
    const exchange = this.#take(now);
    if (exchange === undefined) return this.#join(intendedAt, now);
    const { connection } = exchange;
    const mustWait = !connection.usable && now < exchange.retryAt;
    if (mustWait && this.#settings.closedLoop) {
      this.#putBack(exchange);
      return false;
    }
    if (this.#shares && !connection.usable && !mustWait) {
      this.#openShared(exchange, this.#acceptWaiting(intendedAt, now));
      return true;
    }
    assign(exchange, this.#accept(intendedAt, now));
    if (connection.usable) this.#write(exchange, !this.#settings.closedLoop);
    // An open loop keeps its schedule against a target that refuses connections: each of its packets fails.
    else if (mustWait) this.#finish(exchange, { kind: "failed", code: exchange.lastError }, now);
    else this.#connect(exchange, now);
    // The opening of a connection is not lateness of this sender: it began at `now`.
    this.#packets.handedOver(intendedAt, exchange.sentAt);
    return true;
  }

  /** Accepts a packet that waits for a connection that is being opened; false if each of them has a packet. */
  #join(intendedAt: number, now: number): boolean {
    if (!this.#waiting.hasSpare) return false;
    this.#waiting.join(this.#acceptWaiting(intendedAt, now));
    return true;
  }

  #acceptWaiting(intendedAt: number, now: number): AcceptedPacket {
    const packet = this.#accept(intendedAt, now);
    this.#packets.handedOver(intendedAt, now); // the opening of a connection is not lateness of this sender, as above
    return packet;
  }

  #accept(intendedAt: number, now: number): AcceptedPacket {
    this.#polls.note(now);
    const sequence = this.#packets.add(intendedAt, now);
    return { sequence, acceptedAt: now, recorder: this.#packets.recorder, ofRun: this.#isRun };
  }

  /**
   * A connection for a packet; undefined if there is none, or the packet can wait for one that is being opened. An open one
   * comes first: one whose attempt just failed gets no packet that another can carry.
   */
  #take(now: number): Exchange | undefined {
    if (this.#rests) return this.#exchanges.takeRested(now, this.#packets.recorder);
    const open = this.#exchanges.takeOpen();
    if (open !== undefined || this.#waiting.hasSpare) return open;
    return this.#exchanges.takeClosed();
  }

  /** A connection without a packet becomes that of the packet that has waited longest, or free. */
  #putBack(exchange: Exchange): void {
    const packet = exchange.connection.usable ? this.#waiting.takeFirst() : undefined;
    if (packet === undefined) this.#exchanges.free(exchange);
    else this.#writeWaiting(exchange, packet);
  }

  /** Sends a packet that has waited. */
  #writeWaiting(exchange: Exchange, packet: AcceptedPacket): void {
    assign(exchange, packet);
    this.#write(exchange, true);
  }

  /** Sends the packet. With `fromNow` its service time starts now, otherwise when the client accepted it. */
  #write(exchange: Exchange, fromNow: boolean): void {
    const { sequence, recorder, ofRun } = exchange;
    exchange.isWritten = true;
    if (fromNow) {
      exchange.sentAt = this.#settings.clock.now();
      this.#packets.updateSentAt(recorder, sequence, exchange.sentAt);
    }
    this.#packets.countSent(recorder, sequence, exchange.connection.write(sequence, ofRun));
  }

  /** Opens a connection for a packet that waits. */
  #openShared(exchange: Exchange, accepted: AcceptedPacket): void {
    const attempt = this.#waiting.begin(accepted);
    this.#open(exchange, accepted.acceptedAt, (code) => {
      const packet = this.#waiting.end(attempt);
      if (this.#isClosed) return exchange.connection.close();
      if (packet === undefined) this.#putBack(exchange);
      else if (exchange.connection.usable) this.#writeWaiting(exchange, packet);
      else {
        this.#putBack(exchange);
        this.#fail(packet, { kind: "failed", code });
      }
      this.#settings.onCapacity();
    });
  }

  /** Opens a connection, then calls `done` with the code of its error, if there is one. */
  #open(exchange: Exchange, now: number, done: (code: string) => void): void {
    exchange.retryAt = now + RETRY_MS;
    exchange.connection.connect(this.#settings.timeoutMs).then(
      () => {
        this.#addPort(exchange);
        exchange.retryAt = 0;
        done("ECONNRESET"); // if it is closed again
      },
      (error: unknown) => {
        exchange.lastError = errorCode(error);
        done(exchange.lastError);
      },
    );
  }

  /** Counts the outcome of a packet that was not sent. */
  #fail(packet: Pick<AcceptedPacket, "sequence" | "recorder">, outcome: Outcome): void {
    if (packet.recorder !== this.#packets.recorder) return;
    this.#packets.count(packet.sequence, outcome, this.#settings.clock.now(), 0);
  }

  /** Opens the connection of a packet, then sends the packet, unless it was given up meanwhile. */
  #connect(exchange: Exchange, now: number): void {
    this.#open(exchange, now, (code) => {
      const { connection, sequence } = exchange;
      if (this.#isClosed || sequence === IDLE) {
        connection.close();
        this.#putBack(exchange);
      } else if (connection.usable) this.#write(exchange, !this.#timeConnecting);
      else {
        this.#finish(exchange, { kind: "failed", code }, this.#settings.clock.now());
        this.#settings.onCapacity();
      }
    });
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
    if (exchange.sequence === IDLE || !exchange.isWritten) {
      this.#countCopy(exchange, outcome, octets, now);
      return;
    }
    this.lastArrival = now;
    const { recorder, waited } = exchange;
    recorder.counts.bytesReceived += octets;
    if (waited !== undefined) recorder.receiveDelay.record(waited);
    this.#finish(exchange, outcome, now, octets);
    recorder.recordUndelayed(waited ?? 0);
    this.#settings.onCapacity();
  }

  /** Counted in the present recorder, because the answers to its packets may be shifted by one of an earlier packet. */
  #onSurplus(octets: number): void {
    if (this.#isClosed) return;
    this.lastArrival = this.#settings.clock.now();
    this.#packets.countFurther("ignored", octets);
    this.#packets.recorder.surplusAnswers++;
  }

  /** An answer on an idle connection is a copy of the last one. */
  #countCopy({ recorder, answeredAt }: Exchange, { kind }: Outcome, octets: number, now: number): void {
    if (kind !== "answered" || !this.#rests || recorder !== this.#packets.recorder) return;
    this.#packets.countFurther("duplicate", octets);
    recorder.copies.longestLagMs = Math.max(recorder.copies.longestLagMs, now - answeredAt);
  }

  /** Counts the outcome of the connection's packet; the connection is free. */
  #finish(exchange: Exchange, outcome: Outcome, now: number, octets = 0): void {
    const { sequence, recorder } = exchange;
    exchange.sequence = IDLE;
    if (outcome.kind === "answered") exchange.answeredAt = now;
    else if (!exchange.connection.usable) exchange.answeredAt = Number.NEGATIVE_INFINITY;
    if (recorder === this.#packets.recorder) this.#packets.count(sequence, outcome, now, octets);
    this.#putBack(exchange);
  }

  flush(): void {}

  /**
   * Fails packets that had no connection within their time: the target cannot have lost them. Closes connections whose packet
   * was not answered within the waiting time.
   */
  tick(now: number): void {
    const { timeoutMs, waitMs } = this.#settings;
    const before = now - timeoutMs;
    for (let packet = this.#waiting.takeFirst(before); packet; packet = this.#waiting.takeFirst(before)) {
      this.#fail(packet, TIMED_OUT);
    }
    for (const exchange of this.#exchanges.all) {
      if (exchange.sequence === IDLE || now - exchange.sentAt <= waitMs) continue;
      if (exchange.isWritten) this.#giveUp(exchange);
      else this.#fail(exchange, TIMED_OUT);
      exchange.sequence = IDLE; // if its connection is being opened, that puts it back
    }
    this.#packets.expire(now);
  }

  #giveUp(exchange: Exchange): void {
    exchange.sequence = IDLE;
    exchange.answeredAt = Number.NEGATIVE_INFINITY; // the next packet has another port
    exchange.connection.close();
    this.#putBack(exchange);
  }

  restart(recorder: Recorder, ssid: number): void {
    this.#isRun = ssid === this.#settings.ssid;
    this.#packets.restart(recorder);
  }

  get pending(): number {
    return this.#packets.recorder.pending;
  }

  close(): void {
    this.#isClosed = true;
    for (const { connection } of this.#exchanges.all) connection.close();
  }
}
