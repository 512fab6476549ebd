/**
 * The client for protocols whose connections carry many requests at once, each in a stream of its own, so that an answer can
 * only belong to its request. Connections are opened when requests need them, up to a limit, or all before the run.
 */
import type { Recorder } from "../../measure/recorder.ts";
import type { Client, ClientSettings } from "../client.ts";
import { openingPatience, unreachable } from "../connect.ts";
import { PollTimes } from "../poll-times.ts";
import type { Outcome } from "../serial/connection.ts";
import { SerialPackets } from "../serial/packets.ts";
import { Exchange, type StreamConnection, type StreamEvents } from "./connection.ts";
import { Lane, type LaneOwner } from "./lane.ts";

/** How the connections of a protocol are made. */
export interface StreamUsage {
  /** Makes a connection that is not open yet; `lane` is the number of its place. */
  makeConnection(lane: number, events: StreamEvents): StreamConnection;
  /** Most requests at a time on a connection. */
  readonly streams: number;
  /** Whether the service time includes opening a connection for the packet. */
  readonly timeConnecting: boolean;
}

/** Sends packets as requests in streams. */
export class StreamsClient implements Client {
  readonly #settings: ClientSettings;
  readonly #usage: StreamUsage;
  readonly #packets: SerialPackets;
  readonly #polls = new PollTimes();
  readonly #lanes: Lane[] = [];
  /** Lanes with capacity. The first is used until it has none; with `openAll` they take turns. */
  readonly #ready: Lane[] = [];
  /** Lanes with requests that are not passed on. */
  readonly #dirty: Lane[] = [];
  /** Exchanges that are not in use. */
  readonly #spare: Exchange[] = [];
  readonly localPorts = new Set<number>();
  /** Whether packets are now those of the run, and not of its warm-up. */
  #isRun = true;
  #isClosed = false;
  #inFlight = 0;
  /** When the octets being processed were read, and how long they had waited at most, ms; undefined if not known. */
  #readAt = 0;
  #waited: number | undefined;
  lastArrival = 0;

  constructor(settings: ClientSettings, usage: StreamUsage) {
    this.#settings = settings;
    this.#usage = usage;
    this.#packets = new SerialPackets(settings);
  }

  async open(): Promise<void> {
    const { openAll, connections, endpoint, timeoutMs } = this.#settings;
    for (let count = openAll ? connections : 1; count > 0 && !this.#isClosed; count--) {
      const lane = this.#addLane();
      await lane.open(openingPatience(timeoutMs)).catch((error: unknown) => {
        throw unreachable(endpoint, error);
      });
      this.#addPort(lane);
      this.#list(lane);
    }
  }

  #addLane(): Lane {
    const index = this.#lanes.length;
    const owner: LaneOwner = {
      makeConnection: (events) => this.#usage.makeConnection(index, events),
      onOpen: () => this.#onOpen(lane),
      onFailed: (exchanges, code) => this.#onFailed(lane, exchanges, code),
      events: {
        onRead: (waited) => this.#onRead(waited),
        onOutcome: (exchange, outcome) => this.#onOutcome(exchange, outcome),
        onTurnEnd: () => this.#onTurnEnd(lane),
      },
    };
    const lane = new Lane(owner, this.#usage.streams);
    this.#lanes.push(lane);
    return lane;
  }

  #addPort({ localPort }: Lane): void {
    if (localPort !== undefined) this.localPorts.add(localPort);
  }

  #list(lane: Lane): void {
    if (lane.isListed) return;
    lane.isListed = true;
    this.#ready.push(lane);
  }

  send(intendedAt: number, now: number): boolean {
    if (this.#inFlight >= this.#settings.window || !this.#packets.hasCapacity) return false;
    const lane = this.#take(now);
    if (lane === undefined) return false;
    this.#polls.note(now);
    const exchange = this.#spare.pop() ?? new Exchange(this.#packets.recorder);
    exchange.clear();
    exchange.recorder = this.#packets.recorder;
    exchange.ofRun = this.#isRun;
    exchange.sequence = this.#packets.add(intendedAt, now);
    exchange.intendedAt = intendedAt;
    exchange.sentAt = now;
    exchange.hasWaited = !lane.isOpen;
    this.#inFlight++;
    if (lane.isOpen) this.#add(lane, exchange);
    else this.#hold(lane, exchange, now);
    return true;
  }

  /** The lane for a packet; undefined if none has capacity. */
  #take(now: number): Lane | undefined {
    const { openAll, connections } = this.#settings;
    for (let tries = this.#ready.length; tries > 0; tries--) {
      const lane = this.#ready[0];
      if (lane === undefined) break;
      const isUsable = lane.capacity > 0 && this.#mayConnect(lane, now);
      if (isUsable && !openAll) return lane;
      this.#ready.shift();
      if (isUsable) {
        this.#ready.push(lane);
        return lane;
      }
      lane.isListed = false;
    }
    if (this.#lanes.length >= connections) return undefined;
    const added = this.#addLane();
    this.#list(added);
    return added;
  }

  /** A closed loop waits before it connects again; an open loop keeps its schedule. */
  #mayConnect(lane: Lane, now: number): boolean {
    return lane.isOpen || lane.isConnecting || !this.#settings.closedLoop || now >= lane.retryAt;
  }

  #add(lane: Lane, exchange: Exchange): void {
    const octets = lane.add(exchange);
    if (octets === undefined) return;
    this.#packets.countSent(exchange.recorder, exchange.sequence, octets);
    if (lane.added.length === 1) this.#dirty.push(lane);
  }

  /** The packet waits for a connection. That is not lateness of this sender: the opening begins now. */
  #hold(lane: Lane, exchange: Exchange, now: number): void {
    this.#packets.handedOver(exchange.intendedAt, now, exchange.sequence);
    // An open loop keeps its schedule against a target that refuses connections: each of its packets fails.
    if (!lane.isConnecting && now < lane.retryAt) {
      this.#release(exchange, { kind: "failed", code: lane.lastError }, now);
      return;
    }
    lane.add(exchange);
    if (!lane.isConnecting) lane.connect(now, this.#settings.timeoutMs);
  }

  #onOpen(lane: Lane): void {
    this.#addPort(lane);
    if (this.#isClosed) lane.close();
    else this.#onTurnEnd(lane);
  }

  #onFailed(lane: Lane, exchanges: readonly Exchange[], code: string): void {
    if (this.#isClosed) return;
    const now = this.#settings.clock.now();
    for (const exchange of exchanges) this.#release(exchange, { kind: "failed", code }, now);
    this.#list(lane);
    this.#settings.onCapacity();
  }

  /** Notes how long the octets waited: at most since the sockets were read. */
  #onRead(waited: () => number | undefined): void {
    this.#readAt = this.#settings.clock.now();
    this.#waited = this.#polls.mayHaveWaited(this.#readAt) ? waited() : 0;
  }

  #onOutcome(exchange: Exchange, outcome: Outcome): void {
    if (this.#isClosed) return;
    const { recorder, sentAt, octets } = exchange;
    const now = this.#readAt;
    this.lastArrival = now;
    recorder.counts.bytesReceived += octets;
    const longest = now - Math.max(sentAt, this.#polls.polledAt);
    const waited = this.#waited === undefined ? undefined : Math.min(longest, this.#waited);
    if (waited !== undefined) recorder.receiveDelay.record(waited);
    this.#release(exchange, outcome, now);
    recorder.recordUndelayed(waited ?? 0);
  }

  /** Counts the outcome of a packet; its exchange can be used again. */
  #release(exchange: Exchange, outcome: Outcome, now: number): void {
    const { recorder, sequence, octets } = exchange;
    this.#reuse(exchange);
    if (recorder === this.#packets.recorder) this.#packets.count(sequence, outcome, now, octets);
  }

  #reuse(exchange: Exchange): void {
    this.#inFlight--;
    this.#spare.push(exchange);
  }

  /** The lane may have capacity again; its connection may have been replaced. */
  #onTurnEnd(lane: Lane): void {
    if (this.#isClosed) return;
    for (const exchange of lane.waiting.splice(0)) this.#add(lane, exchange);
    if (lane.waiting.length > 0) lane.reconnect(this.#settings.clock.now(), this.#settings.timeoutMs);
    if (lane.capacity > 0) this.#list(lane);
    this.#settings.onCapacity();
    this.flush();
  }

  /** Passes the added requests on, with the present time as their send times. */
  flush(): void {
    for (let lane = this.#dirty.pop(); lane !== undefined; lane = this.#dirty.pop()) {
      const now = this.#settings.clock.now();
      for (const exchange of lane.added) this.#stamp(exchange, now);
      lane.added.length = 0;
      lane.flush();
    }
  }

  #stamp(exchange: Exchange, now: number): void {
    const { recorder, sequence, intendedAt, hasWaited } = exchange;
    if (!hasWaited) this.#packets.handedOver(intendedAt, now, sequence);
    else if (this.#usage.timeConnecting) return;
    exchange.sentAt = now;
    this.#packets.updateSentAt(recorder, sequence, now, this.#settings.closedLoop);
  }

  /** Gives requests up that were not answered within the waiting time; a lane can try to connect again. */
  tick(now: number): void {
    this.#packets.expire(now);
    for (const lane of this.#lanes) {
      for (const connection of lane.connections()) this.#giveUp(connection, now);
      if (lane.waiting.length > 0) {
        lane.waiting = lane.waiting.filter((exchange) => !this.#isGivenUp(exchange, now));
        lane.reconnect(now, this.#settings.timeoutMs);
      }
      if (lane.capacity > 0 && this.#mayConnect(lane, now)) this.#list(lane);
    }
  }

  #giveUp(connection: StreamConnection, now: number): void {
    let wasGivenUp = false;
    for (let oldest = connection.oldest(); oldest !== undefined; oldest = connection.oldest()) {
      if (now - oldest.sentAt <= this.#settings.waitMs) break;
      connection.cancel(oldest);
      this.#reuse(oldest);
      wasGivenUp = true;
    }
    if (wasGivenUp) connection.flush();
  }

  #isGivenUp(exchange: Exchange, now: number): boolean {
    if (now - exchange.sentAt <= this.#settings.waitMs) return false;
    this.#reuse(exchange);
    return true;
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
    for (const lane of this.#lanes) lane.close();
  }
}
