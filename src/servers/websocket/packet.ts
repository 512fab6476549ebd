/** One WebSocket message, a STAMP packet or a plain one, and its response. */
import type { Clock } from "../../base/clock.ts";
import type { DirectionFate, Loss } from "../../faults/decide.ts";
import type { DropReason } from "../../metrics/counters.ts";
import type { Exchange } from "../../reflector/exchange.ts";
import type { Session } from "../../reflector/session.ts";
import { writeAnswer } from "../../stamp/packet.ts";

/** Codes of close frames (RFC 6455 section 7.4.1): the message was not handled, or was handled without a response. */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

/** What a message needs of its connection. */
export interface MessageConnection {
  /** Source address and port. */
  readonly peer: string;
  readonly clock: Clock;
  /** Messages whose responses are delayed. */
  delayed: number;
  /** The time at which a response due at `dueAt` is sent: not before the responses queued ahead of it. */
  order(dueAt: number, receivedAt: number): number;
  /** Sends a STAMP packet, or `ACK-WS` without one; returns its octets, SEND_FAILED or PEER_GONE. */
  write(packet: Buffer | undefined): number;
  /** Called when a delayed message was answered or dropped. */
  finished(): void;
  /** Closes with a close frame after pending responses are sent; without them if `answering` is false. */
  end(answering: boolean, code: number): void;
  /** Closes at once, without a close frame. */
  reset(): void;
}

/** One message of a connection. */
export class MessagePacket implements Exchange {
  readonly workMs = 0;
  #kept = false;

  constructor(
    private readonly connection: MessageConnection,
    readonly receivedAt: number,
    readonly bytes: number,
    /** The STAMP packet, in memory of its own; undefined for a plain message. */
    private readonly packet: Buffer | undefined,
    readonly session: Session | undefined,
    readonly sequence: number,
  ) {}

  peer(): string {
    return this.connection.peer;
  }

  get heldBytes(): number {
    return this.packet ? this.bytes : 0;
  }

  order(dueAt: number): number {
    return this.connection.order(dueAt, this.receivedAt);
  }

  keep(): this {
    if (!this.#kept) this.connection.delayed++;
    this.#kept = true;
    return this;
  }

  encode(reflectorSequence: number, _fate: Readonly<DirectionFate>): void {
    if (!this.packet) return;
    const { clock } = this.connection;
    const now = clock.now();
    const sentAt = clock.wallAt(now);
    // Both timestamps come from one reading of the wall clock, which may be set between two.
    const receivedAt = sentAt - (now - this.receivedAt);
    writeAnswer(this.packet, { sequence: reflectorSequence, receivedAt, sentAt });
  }

  send(): number {
    const sent = this.connection.write(this.packet);
    this.#finish();
    return sent;
  }

  /**
   * A drop of a numbered message is its missing response. A plain one closes the connection, because its peer would match later
   * responses to it.
   */
  drop(reason: DropReason, fault?: Loss): void {
    this.#finish();
    if (reason === "fault-reset") this.connection.reset();
    else if (reason !== "peer-gone" && (fault === "close" || !this.packet)) this.#close(reason);
  }

  #close(reason: DropReason): void {
    const isNumbered = this.packet !== undefined;
    this.connection.end(isNumbered || reason !== "fault-down", reason === "fault-up" ? GOING_AWAY : INTERNAL_ERROR);
  }

  #finish(): void {
    if (!this.#kept) return;
    this.#kept = false;
    this.connection.finished();
  }
}
