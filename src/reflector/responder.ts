/** Processes packets: decides their fates, responds or drops, counts and records. Independent of sockets. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Protocol } from "../base/protocol.ts";
import { checkedFaults } from "../faults/check.ts";
import { type Chance, chance, cleanFate, decide, type Fate, type Loss } from "../faults/decide.ts";
import type { DelayQueue } from "../faults/delay-queue.ts";
import { type Faults, NO_FAULTS } from "../faults/faults.ts";
import { FaultPath } from "../faults/path.ts";
import type { DropReason, RejectReason, Traffic } from "../metrics/counters.ts";
import { type Exchange, PEER_GONE } from "./exchange.ts";
import type { PacketLog } from "./packet-log.ts";

/** What a responder needs of the lab. */
export interface ResponderParts {
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly queue: DelayQueue;
  readonly packetLog: PacketLog;
  readonly log: Log;
  /** 0 to 2^32 - 1: the same seed and the same packets have the same fates. */
  readonly seed: number;
}

const CLEAN: Fate = Object.freeze(cleanFate());

/** Processes the packets of one protocol. */
export class Responder {
  readonly protocol: Protocol;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly #packetLog: PacketLog;
  readonly #log: Log;
  readonly #seed: number;
  readonly #fate = cleanFate();
  readonly #up: FaultPath<Exchange>;
  readonly #down: FaultPath<Exchange>;
  #faults: Faults = NO_FAULTS;
  #chance: Chance;

  constructor({ traffic, clock, queue, packetLog, log, seed }: ResponderParts) {
    this.protocol = traffic.protocol;
    this.traffic = traffic;
    this.clock = clock;
    this.#packetLog = packetLog;
    this.#log = log;
    this.#seed = seed;
    this.#chance = chance(seed, this.protocol);
    const injected = traffic.inject.bind(traffic);
    this.#up = new FaultPath("up", queue, this.#upEnd(), injected);
    this.#down = new FaultPath("down", queue, this.#downEnd(), injected);
  }

  get faults(): Faults {
    return this.#faults;
  }

  /**
   * Sets the faults for packets received from now on; delayed packets keep their fates. The random streams restart from
   * the seed, so that setting the same faults again does the same to the same packets. Throws ImpairmentError.
   */
  setFaults(faults: Faults): void {
    this.#faults = Object.keys(checkedFaults(this.protocol, faults)).length === 0 ? NO_FAULTS : faults;
    this.#chance = chance(this.#seed, this.protocol);
  }

  /** Processes a packet, now or, if a fault delays it, later. */
  receive(exchange: Exchange): void {
    const { session, sequence, receivedAt } = exchange;
    this.traffic.received(exchange.bytes);
    session?.arrive(sequence, receivedAt);
    const fate = this.#faults === NO_FAULTS ? CLEAN : decide(this.#faults, this.#chance, this.#fate);
    this.#up.carry(exchange, fate, receivedAt + fate.up.delayMs, receivedAt);
  }

  /** Counts a packet that is rejected before any fault applies. */
  refuse(exchange: Exchange, reason: DropReason & RejectReason): void {
    this.traffic.received(exchange.bytes);
    this.traffic.rejects.add(reason);
    this.#drop(exchange, reason);
  }

  /** Counts an error of the lab itself and logs the first one. */
  failed(error: unknown): void {
    if (this.traffic.rejects.get("failed") === 0) {
      const { message, stack = message } = error instanceof Error ? error : { message: String(error) };
      this.#log.write("error", "internal error; further ones are only counted", { protocol: this.protocol, stack });
    }
    this.traffic.rejects.add("failed");
  }

  /** Drops a packet whose processing threw an error. */
  #fail(exchange: Exchange, error: unknown): void {
    this.failed(error);
    exchange.session?.discard(exchange.sequence);
    this.#drop(exchange, "failed");
  }

  /** The end of the upstream path: handles the packet and passes its response to the downstream path. */
  #upEnd() {
    return {
      prepare() {},
      lose: (exchange: Exchange, fault: Loss) => this.#drop(exchange, "fault-up", fault),
      overflow: (exchange: Exchange) => this.#drop(exchange, "queue-full"),
      deliver: (exchange: Exchange, fate: Fate) => {
        const { session, sequence, receivedAt, workMs } = exchange;
        session?.handle(sequence);
        this.#down.carry(exchange, fate, exchange.order(receivedAt + fate.down.delayMs + workMs), receivedAt);
        return true;
      },
      deliverCopy() {},
      fail: (exchange: Exchange, error: unknown) => this.#fail(exchange, error),
    };
  }

  /** The end of the downstream path: sends the response. A response that a fault loses has used its sequence number. */
  #downEnd() {
    return {
      prepare: (exchange: Exchange, { down }: Fate) => exchange.encode(exchange.session?.takeSequence() ?? 0, down),
      lose: (exchange: Exchange, fault: Loss) => {
        exchange.session?.dropDown(exchange.sequence);
        this.#drop(exchange, fault === "reset" ? "fault-reset" : "fault-down", fault);
      },
      overflow: (exchange: Exchange) => {
        exchange.session?.discard(exchange.sequence);
        this.#drop(exchange, "queue-full");
      },
      deliver: (exchange: Exchange) => this.#send(exchange),
      deliverCopy: (exchange: Exchange) => {
        this.traffic.sentBytes += Math.max(0, exchange.send());
      },
      fail: (exchange: Exchange, error: unknown) => this.#fail(exchange, error),
    };
  }

  #send(exchange: Exchange): boolean {
    const sent = exchange.send();
    const { session, sequence, receivedAt } = exchange;
    if (sent < 0) {
      session?.discard(sequence);
      this.#drop(exchange, sent === PEER_GONE ? "peer-gone" : "send-failed");
      return false;
    }
    const tookMs = this.clock.now() - receivedAt;
    session?.answer(sequence);
    this.traffic.answered(sent, tookMs / 1000);
    if (this.#packetLog.accepts(this.protocol)) this.#record(exchange, "answered", tookMs);
    return true;
  }

  #drop(exchange: Exchange, reason: DropReason, fault?: Loss): void {
    this.traffic.drop(reason);
    exchange.drop(reason, fault);
    if (this.#packetLog.accepts(this.protocol)) this.#record(exchange, reason);
  }

  #record(exchange: Exchange, outcome: "answered" | DropReason, tookMs?: number): void {
    const { receivedAt, session, bytes } = exchange;
    this.#packetLog.add({
      at: this.clock.wallAt(receivedAt),
      protocol: this.protocol,
      peer: exchange.peer(),
      bytes,
      outcome,
      ...(tookMs !== undefined && { responseTimeMs: tookMs }),
      ...(session && { session: session.ssid }),
    });
  }
}
