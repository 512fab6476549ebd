/**
 * Applies fates to the packets of one direction: delay, loss, corruption, reordering and duplication. It does not depend on
 * the reflector, which uses it for both directions.
 */
import { copyFate, type Fate, type Loss } from "./decide.ts";
import type { DelayQueue } from "./delay-queue.ts";
import type { Direction, Kind } from "./faults.ts";

/** A packet that a path forwards. Valid until `carry` returns unless `keep` was called. */
export interface Transit {
  /** Identifies the stream of packets within which reordering happens. */
  peer(): string;
  /** Octets that a kept packet occupies. */
  readonly heldBytes: number;
  /** The packet in a form that outlives the call: itself or a copy. */
  keep(): this;
}

/** The consumer at the end of a path. */
export interface PathEnd<Packet> {
  /** Called after the delay, before the fate is applied. */
  prepare(packet: Packet, fate: Fate): void;
  /** Called when a fault loses the packet. */
  lose(packet: Packet, fault: Loss): void;
  /** Called when the delay queue is full; the packet is lost. */
  overflow(packet: Packet): void;
  /** Delivers the packet; returns false if that failed. */
  deliver(packet: Packet, fate: Fate): boolean;
  /** Delivers the copy of a packet that was just delivered. */
  deliverCopy(packet: Packet): void;
  /** Called when one of the functions above threw; the packet is lost. */
  fail(packet: Packet, error: unknown): void;
}

/** Longest time that a reordered packet waits for the next packet to the same peer, ms. */
const REORDER_WAIT_MS = 100;

interface Held<Packet> {
  readonly packet: Packet;
  readonly fate: Fate;
}

/** One direction of a protocol's packets. */
export class FaultPath<Packet extends Transit> {
  readonly #held = new Map<string, Held<Packet>>();

  constructor(
    private readonly direction: Direction,
    private readonly queue: DelayQueue,
    private readonly end: PathEnd<Packet>,
    /** Called for each fault that is injected. */
    private readonly injected: (kind: Kind, direction: Direction) => void,
  ) {}

  /**
   * Forwards `packet` at the monotonic time `dueAt` (ms), at once if that is not after `now`. `fate` may be reused by the
   * caller after the call.
   */
  carry(packet: Packet, fate: Fate, dueAt: number, now: number): void {
    if (fate[this.direction].delayMs > 0) this.injected("delay", this.direction);
    if (dueAt <= now) this.#forward(packet, fate);
    else this.#delay(packet.keep(), copyFate(fate), dueAt);
  }

  #delay(packet: Packet, fate: Fate, dueAt: number): void {
    if (!this.queue.put(dueAt, () => this.#forward(packet, fate), packet.heldBytes)) this.end.overflow(packet);
  }

  /** Also called by timers: an error here must not end the process. */
  #forward(packet: Packet, fate: Fate): void {
    try {
      if (!this.#apply(packet, fate)) return;
    } catch (error) {
      this.end.fail(packet, error);
    }
    if (this.#held.size > 0) this.#release(packet.peer());
  }

  /** Applies the fate; returns whether the packet was passed on, so that a held one follows it. */
  #apply(packet: Packet, fate: Fate): boolean {
    const own = fate[this.direction];
    this.end.prepare(packet, fate);
    if (own.lostBy) {
      this.injected(own.lostBy, this.direction);
      this.end.lose(packet, own.lostBy);
      return false;
    }
    if (own.status) this.injected("status", this.direction);
    if (own.corruptAt >= 0) this.injected("corrupt", this.direction);
    if (own.reorder && this.#hold(packet, fate)) return false;
    this.#deliver(packet, fate);
    return true;
  }

  #deliver(packet: Packet, fate: Fate): void {
    if (!this.end.deliver(packet, fate) || !fate[this.direction].duplicate) return;
    this.injected("duplicate", this.direction);
    this.end.deliverCopy(packet);
  }

  /** Holds a packet back until the next one to the same peer is delivered; false if one is held already. */
  #hold(packet: Packet, fate: Fate): boolean {
    const peer = packet.peer();
    if (this.#held.has(peer)) return false;
    const held = { packet: packet.keep(), fate: copyFate(fate) };
    const expire = () => {
      if (this.#held.get(peer) === held) this.#release(peer);
    };
    if (!this.queue.put(this.queue.clock.now() + REORDER_WAIT_MS, expire, packet.heldBytes)) return false;
    this.injected("reorder", this.direction);
    this.#held.set(peer, held);
    return true;
  }

  #release(peer: string): void {
    const held = this.#held.get(peer);
    if (!held) return;
    this.#held.delete(peer);
    try {
      this.#deliver(held.packet, held.fate);
    } catch (error) {
      this.end.fail(held.packet, error);
    }
  }
}
