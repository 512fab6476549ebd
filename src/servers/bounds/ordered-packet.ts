/** A packet of a connection that keeps the order of its packets: what those of streams and of WebSocket share. */
import type { Clock } from "../../base/clock.ts";
import type { DirectionFate, Loss } from "../../faults/decide.ts";
import type { DropReason } from "../../metrics/counters.ts";
import type { Exchange } from "../../reflector/exchange.ts";
import type { Session } from "../../reflector/session.ts";
import { writeAnswer } from "../../stamp/packet.ts";

/** What such a packet needs of its connection. */
export interface OrderedConnection {
  /** Source address and port. */
  readonly peer: string;
  readonly clock: Clock;
  /** Packets that are delayed, or whose responses are. */
  delayed: number;
  /** Packets on their way up. */
  departed: number;
  /** Whether packets that are on their way up are not received. */
  readonly isDeaf: boolean;
  /** The end of the way up of a packet due at `dueAt`: not before the packets ahead of it. */
  orderUp(dueAt: number, receivedAt: number): number;
  /** The time at which a response due at `dueAt` is sent: not before the responses queued ahead of it. */
  order(dueAt: number, receivedAt: number): number;
  /** Called when a delayed packet was answered or dropped. */
  finished(): void;
  /** Closes at once: a stream with a reset (RFC 9293 section 3.5.2), WebSocket without a close frame. */
  reset(): void;
}

/** One packet of a connection. */
export abstract class OrderedPacket<Connection extends OrderedConnection> implements Exchange {
  readonly workMs = 0;
  #kept = false;

  constructor(
    protected readonly connection: Connection,
    public receivedAt: number,
    readonly bytes: number,
    readonly session: Session | undefined,
    readonly sequence: number,
  ) {}

  abstract get heldBytes(): number;
  abstract encode(reflectorSequence: number, fate: Readonly<DirectionFate>): void;
  abstract send(): number;
  abstract drop(reason: DropReason, fault?: Loss): void;

  peer(): string {
    return this.connection.peer;
  }

  depart(dueAt: number): number {
    const arrivesAt = this.connection.orderUp(dueAt, this.receivedAt);
    this.connection.departed++;
    return arrivesAt;
  }

  arrive(now: number): boolean {
    this.connection.departed--;
    this.receivedAt = now;
    return !this.connection.isDeaf;
  }

  order(dueAt: number): number {
    return this.connection.order(dueAt, this.receivedAt);
  }

  keep(): this {
    if (this.#kept) return this;
    this.#kept = true;
    this.connection.delayed++;
    this.own();
    return this;
  }

  /** Copies what belongs to the runtime, because the packet is kept; nothing if all is the packet's own. */
  protected own(): void {}

  /** The packet is answered or dropped. */
  protected finish(): void {
    if (!this.#kept) return;
    this.#kept = false;
    this.connection.finished();
  }

  /** Writes the answer over the STAMP packet that begins at `at`. */
  protected answer(packet: Buffer, sequence: number, at = 0): void {
    const { clock } = this.connection;
    const now = clock.now();
    const sentAt = clock.wallAt(now);
    // Both timestamps come from one reading of the wall clock, which may be set between two.
    const receivedAt = sentAt - (now - this.receivedAt);
    writeAnswer(packet, { sequence, receivedAt, sentAt }, at);
  }
}
