/** One packet's life: received, its fate decided, answered or dropped, recorded. Knows no socket. */
import type { Clock } from "../base/clock.ts";
import type { Protocol } from "../base/protocol.ts";
import type { DelayQueue } from "../faults/delay-queue.ts";
import {
  type Chance,
  chance,
  cleanFate,
  type Direction,
  decide,
  type Fate,
  type Faults,
  type Kind,
  NO_FAULTS,
} from "../faults/faults.ts";
import type { DropReason, RejectReason, Traffic } from "../metrics/counters.ts";
import type { PacketLog } from "./packet-log.ts";
import type { Session } from "./sessions.ts";

/** What `send` gives in place of a number of octets. */
export const SEND_FAILED = -1;
export const PEER_GONE = -2;

/** One packet and the way to answer it, as an adapter hands it over. Valid until `receive` returns, unless kept. */
export interface Exchange {
  /** Monotonic moment at which the handler had the packet, ms. */
  readonly receivedAt: number;
  /** Payload octets of the packet. */
  readonly bytes: number;
  /** The STAMP session that it belongs to, and the sender's sequence number there. */
  readonly session: Session | undefined;
  readonly sequence: number;
  /** How long the answer takes to make, in ms, without any fault. */
  readonly workMs: number;
  /** Where it came from, `127.0.0.1:7000` or `[::1]:7000`. */
  peer(): string;
  /** The moment at which an answer due at `dueAt` may go: not before those that wait in front of it on a stream. */
  order(dueAt: number): number;
  /** A copy that outlives `receive`. */
  keep(): Exchange;
  /** Octets that a kept one holds. */
  readonly heldBytes: number;
  /** Makes the answer: the reflector's sequence number, and what the fate does to its content. */
  encode(reflectorSequence: number, fate: Readonly<Fate>): void;
  /** Hands the answer to the kernel; its payload octets, or SEND_FAILED or PEER_GONE. May be called again. */
  send(): number;
  /** There will be no answer. */
  drop(reason: DropReason): void;
}

/** What a responder stands on. */
export interface ResponderParts {
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly queue: DelayQueue;
  readonly packetLog: PacketLog;
  /** 0 to 2^32 - 1: the same seed and the same packets meet the same fates. */
  readonly seed: number;
}

/** How long a reordered answer waits for another one to overtake it, in ms. */
const REORDER_WAIT_MS = 100;

const CLEAN: Readonly<Fate> = Object.freeze(cleanFate());

/** An answer that waits to be overtaken. */
interface Held {
  readonly exchange: Exchange;
  readonly fate: Readonly<Fate>;
}

/** The life of one protocol's packets. */
export class Responder {
  readonly protocol: Protocol;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly #queue: DelayQueue;
  readonly #packetLog: PacketLog;
  readonly #seed: number;
  readonly #fate = cleanFate();
  readonly #held = new Map<string, Held>();
  #faults: Faults = NO_FAULTS;
  #chance: Chance;

  constructor(parts: ResponderParts) {
    this.protocol = parts.traffic.protocol;
    this.traffic = parts.traffic;
    this.clock = parts.clock;
    this.#queue = parts.queue;
    this.#packetLog = parts.packetLog;
    this.#seed = parts.seed;
    this.#chance = chance(parts.seed, this.protocol);
  }

  get faults(): Faults {
    return this.#faults;
  }

  /**
   * Changes the faults for the packets to come; those on their way keep their fates. The chances begin anew from the
   * seed, so that the same faults set again do the same to the same packets.
   */
  setFaults(faults: Faults): void {
    this.#faults = Object.keys(faults).length === 0 ? NO_FAULTS : faults;
    this.#chance = chance(this.#seed, this.protocol);
  }

  /** Takes a packet through its life, now or, where its answer is put off, later. */
  receive(exchange: Exchange): void {
    const { session, sequence, receivedAt } = exchange;
    this.traffic.received(exchange.bytes);
    session?.arrive(sequence, receivedAt);
    const fate = this.#faults === NO_FAULTS ? CLEAN : decide(this.#faults, this.#chance, this.#fate);
    if (fate.lostUp) {
      this.#inject(fate.lostUp, "up");
      this.#drop(exchange, "fault-up");
      return;
    }
    session?.handle(sequence);
    if (fate.delayMs > 0) this.#inject("delay", "down");
    const dueAt = exchange.order(receivedAt + fate.delayMs + exchange.workMs);
    if (dueAt <= receivedAt) this.#finish(exchange, fate);
    else this.#putOff(dueAt, exchange.keep(), { ...fate });
  }

  /** Counts a packet that is refused before any fault could take it. */
  refuse(exchange: Exchange, reason: DropReason & RejectReason): void {
    this.traffic.received(exchange.bytes);
    this.traffic.rejects.add(reason);
    this.#drop(exchange, reason);
  }

  #putOff(dueAt: number, exchange: Exchange, fate: Readonly<Fate>): void {
    if (this.#queue.put(dueAt, () => this.#finish(exchange, fate), exchange.heldBytes)) return;
    exchange.session?.discard(exchange.sequence);
    this.#drop(exchange, "queue-full");
  }

  #finish(exchange: Exchange, fate: Readonly<Fate>): void {
    const { session } = exchange;
    const reflectorSequence = session ? session.takeSequence() : 0;
    if (fate.lostDown) {
      this.#inject(fate.lostDown, "down");
      session?.take(exchange.sequence);
      this.#drop(exchange, fate.lostDown === "reset" ? "fault-reset" : "fault-down");
      return;
    }
    if (fate.status) this.#inject("status", "down");
    if (fate.corruptAt >= 0) this.#inject("corrupt", "down");
    exchange.encode(reflectorSequence, fate);
    if (fate.reorder && this.#hold(exchange, fate)) return;
    this.#send(exchange, fate);
    if (this.#held.size > 0) this.#release(exchange.peer());
  }

  #send(exchange: Exchange, fate: Readonly<Fate>): void {
    const sent = exchange.send();
    const { session, sequence, receivedAt } = exchange;
    if (sent < 0) {
      session?.discard(sequence);
      this.#drop(exchange, sent === PEER_GONE ? "peer-gone" : "send-failed");
      return;
    }
    const tookMs = this.clock.now() - receivedAt;
    session?.answer(sequence);
    this.traffic.answered(sent, tookMs / 1000);
    if (fate.duplicate) {
      this.#inject("duplicate", "down");
      this.traffic.sentBytes += Math.max(0, exchange.send());
    }
    if (this.#packetLog.wants(this.protocol)) this.#record(exchange, "answered", tookMs);
  }

  /** Puts an answer aside until the next one to the same peer has gone; false where one waits there already. */
  #hold(exchange: Exchange, fate: Readonly<Fate>): boolean {
    const peer = exchange.peer();
    if (this.#held.has(peer)) return false;
    const held = { exchange: exchange.keep(), fate: { ...fate } };
    const giveUp = () => {
      if (this.#held.get(peer) === held) this.#release(peer);
    };
    const waits = this.#queue.put(this.clock.now() + REORDER_WAIT_MS, giveUp, exchange.heldBytes);
    if (!waits) return false;
    this.#inject("reorder", "down");
    this.#held.set(peer, held);
    return true;
  }

  #release(peer: string): void {
    const held = this.#held.get(peer);
    if (!held) return;
    this.#held.delete(peer);
    this.#send(held.exchange, held.fate);
  }

  #drop(exchange: Exchange, reason: DropReason): void {
    this.traffic.drop(reason);
    exchange.drop(reason);
    if (this.#packetLog.wants(this.protocol)) this.#record(exchange, reason);
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

  #inject(kind: Kind, direction: Direction): void {
    this.traffic.injected.add(`${kind}/${direction}`);
  }
}
