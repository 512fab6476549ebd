/** One packet of a TCP or TLS connection, a STAMP frame or a plain chunk, and its response. */
import type { Clock } from "../../base/clock.ts";
import type { DirectionFate } from "../../faults/decide.ts";
import type { DropReason } from "../../metrics/counters.ts";
import type { Exchange } from "../../reflector/exchange.ts";
import type { Session } from "../../reflector/session.ts";
import { FRAME_HEADER_LENGTH } from "../../stamp/frames.ts";
import { writeAnswer } from "../../stamp/packet.ts";

/** What a packet needs of its connection. */
export interface PacketConnection {
  /** Source address and port. */
  readonly peer: string;
  readonly clock: Clock;
  /** The response to a plain chunk. */
  readonly acknowledgement: Buffer;
  /** Packets whose responses are delayed. */
  delayed: number;
  /** The time at which a response due at `dueAt` is sent: not before the responses queued ahead of it. */
  order(dueAt: number, receivedAt: number): number;
  /** Passes `length` octets to the kernel and buffers what it does not accept; returns their number, or PEER_GONE. */
  write(bytes: Buffer, at: number, length: number): number;
  /** Called when a delayed packet was answered or dropped. */
  finished(): void;
  /** Closes after pending responses are sent; without them if `answering` is false. */
  end(answering: boolean): void;
  /** Closes at once, with a reset (RFC 9293 section 3.5.2). */
  reset(): void;
}

/** One packet of a connection; a chunk can contain many. */
export class StreamPacket implements Exchange {
  readonly workMs = 0;
  #kept = false;
  #frame: Buffer | undefined;
  #at: number;

  constructor(
    private readonly connection: PacketConnection,
    readonly receivedAt: number,
    readonly bytes: number,
    /** The buffer that contains the frame, header and packet; undefined for a plain chunk. */
    frame: Buffer | undefined,
    at: number,
    readonly session: Session | undefined,
    readonly sequence: number,
  ) {
    this.#frame = frame;
    this.#at = at;
  }

  peer(): string {
    return this.connection.peer;
  }

  get heldBytes(): number {
    return this.#frame ? this.bytes : 0;
  }

  order(dueAt: number): number {
    return this.connection.order(dueAt, this.receivedAt);
  }

  keep(): this {
    if (this.#kept) return this;
    this.#kept = true;
    this.connection.delayed++;
    this.#frame &&= this.#copy(this.#frame);
    this.#at = 0;
    return this;
  }

  /** The frame in a buffer of its own: the buffer in which it arrived can be 10,000 times as long. */
  #copy(frame: Buffer): Buffer {
    const copy = Buffer.allocUnsafeSlow(FRAME_HEADER_LENGTH + this.bytes);
    frame.copy(copy, 0, this.#at, this.#at + copy.length);
    return copy;
  }

  encode(reflectorSequence: number, _fate: Readonly<DirectionFate>): void {
    if (!this.#frame) return;
    const { clock } = this.connection;
    const now = clock.now();
    const sentAt = clock.wallAt(now);
    // Both timestamps come from one reading of the wall clock, which may be set between two.
    const receivedAt = sentAt - (now - this.receivedAt);
    writeAnswer(this.#frame, { sequence: reflectorSequence, receivedAt, sentAt }, this.#at + FRAME_HEADER_LENGTH);
  }

  send(): number {
    const sent = this.#frame
      ? this.connection.write(this.#frame, this.#at, FRAME_HEADER_LENGTH + this.bytes)
      : this.#acknowledge();
    this.#finish();
    return sent > 0 && this.#frame ? this.bytes : sent;
  }

  #acknowledge(): number {
    const { acknowledgement } = this.connection;
    return this.connection.write(acknowledgement, 0, acknowledgement.length);
  }

  drop(reason: DropReason): void {
    this.#finish();
    if (reason === "fault-reset") this.connection.reset();
    else if (!this.#frame && reason !== "peer-gone") this.connection.end(reason !== "fault-down");
  }

  #finish(): void {
    if (!this.#kept) return;
    this.#kept = false;
    this.connection.finished();
  }
}
