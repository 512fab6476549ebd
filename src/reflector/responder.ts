/** Processes packets: decides their fates, responds or drops, counts and records. Independent of sockets. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Protocol } from "../base/protocol.ts";
import { checkedFaults } from "../faults/check.ts";
import { type Chance, chance, cleanFate, decide, decideDirection, type Fate, type Loss } from "../faults/decide.ts";
import type { DelayQueue } from "../faults/delay-queue.ts";
import { type Faults, NO_FAULTS } from "../faults/faults.ts";
import { byDirection } from "../faults/packet-faults.ts";
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
  readonly #copyFate = cleanFate();
  readonly #up: FaultPath<Exchange>;
  readonly #down: FaultPath<Exchange>;
  #faults: Faults = NO_FAULTS;
  /** Whether a fault can delay or hold packets upstream. */
  #delaysUp = false;
  /** Packets whose way up was begun while a fault could delay them, and has not ended. */
  #onWayUp = 0;
  #byDirection = byDirection(NO_FAULTS);
  #chance: Chance;
  /** The random streams of copies, so that a copy does not change the fates of the packets after it. */
  #copyChance: Chance;
  /** The copy of the packet that is being delivered upstream. */
  #copy: Exchange | undefined;

  constructor({ traffic, clock, queue, packetLog, log, seed }: ResponderParts) {
    this.protocol = traffic.protocol;
    this.traffic = traffic;
    this.clock = clock;
    this.#packetLog = packetLog;
    this.#log = log;
    this.#seed = seed;
    this.#chance = chance(seed, this.protocol);
    this.#copyChance = chance(seed, `${this.protocol}/copy`);
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
    this.#byDirection = byDirection(faults);
    const { delay, reorder } = this.#byDirection.up;
    this.#delaysUp = delay !== undefined || reorder !== undefined;
    this.#chance = chance(this.#seed, this.protocol);
    this.#copyChance = chance(this.#seed, `${this.protocol}/copy`);
  }

  /** Processes a packet, now or, if a fault delays it, later. */
  receive(exchange: Exchange): void {
    const { receivedAt } = exchange;
    this.traffic.received(exchange.bytes);
    const fate = this.#faults === NO_FAULTS ? CLEAN : decide(this.#byDirection, this.#chance, this.#fate);
    const takesTime = this.#delaysUp || this.#onWayUp > 0;
    this.#up.carry(exchange, fate, takesTime ? this.#depart(exchange, fate.up.delayMs) : receivedAt, receivedAt);
  }

  /** Begins a way up that can take time; returns when it ends. */
  #depart(exchange: Exchange, delayMs: number): number {
    this.#onWayUp++;
    if (exchange.session) exchange.session.onWayUp++;
    return exchange.depart(exchange.receivedAt + delayMs);
  }

  /** Ends the way up of a packet. Returns whether its connection still receives it. */
  #arrive(exchange: Exchange): boolean {
    const { session, sequence } = exchange;
    let isReceived = true;
    if (this.#delaysUp || this.#onWayUp > 0) {
      this.#onWayUp--;
      if (session) session.onWayUp--;
      isReceived = exchange.arrive(this.clock.now());
    }
    session?.arrive(sequence, exchange.receivedAt);
    return isReceived;
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
      prepare: (exchange: Exchange, { up }: Fate) => {
        if (up.corruptAt >= 0) exchange.damage?.(up.corruptAt);
      },
      lose: (exchange: Exchange, fault: Loss) => {
        this.#arrive(exchange);
        this.#drop(exchange, "fault-up", fault);
      },
      overflow: (exchange: Exchange) => {
        this.#arrive(exchange);
        this.#discard(exchange, "queue-full");
      },
      deliver: (exchange: Exchange, fate: Fate) => {
        if (!this.#arrive(exchange)) {
          this.#discard(exchange, "peer-gone");
          return false;
        }
        if (fate.up.duplicate) this.#copy = exchange.copy?.(); // before the response takes its place
        this.#handle(exchange, fate);
        return true;
      },
      deliverCopy: () => {
        if (this.#copy) this.#receiveCopy(this.#copy);
        this.#copy = undefined;
      },
      fail: (exchange: Exchange, error: unknown) => this.#fail(exchange, error),
    };
  }

  /** Handles a packet and passes its response to the downstream path. */
  #handle(exchange: Exchange, fate: Fate): void {
    const { session, sequence, receivedAt, workMs } = exchange;
    session?.handle(sequence);
    this.#down.carry(exchange, fate, exchange.order(receivedAt + fate.down.delayMs + workMs), receivedAt);
  }

  /** Receives a copy that a fault made upstream: a packet of its own, with a fate downstream of its own. */
  #receiveCopy(copy: Exchange): void {
    this.traffic.received(copy.bytes);
    copy.session?.arrive(copy.sequence, copy.receivedAt);
    decideDirection(this.#byDirection.down, this.#copyChance.down, this.#copyFate.down);
    this.#handle(copy, this.#copyFate);
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

  /** Drops a packet that no fault has lost, at the end of its way up. */
  #discard(exchange: Exchange, reason: "queue-full" | "peer-gone"): void {
    const { session, sequence } = exchange;
    session?.handle(sequence);
    session?.discard(sequence);
    this.#drop(exchange, reason);
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
