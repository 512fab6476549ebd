/** One packet of a TCP or TLS connection, a STAMP frame or a plain chunk, and its response. */
import type { DropReason } from "../../metrics/counters.ts";
import type { Session } from "../../reflector/session.ts";
import { FRAME_HEADER_LENGTH } from "../../stamp/frames.ts";
import { type OrderedConnection, OrderedPacket } from "../bounds/ordered-packet.ts";

/** What a packet needs of its connection. */
export interface PacketConnection extends OrderedConnection {
  /** The response to a plain chunk. */
  readonly acknowledgement: Buffer;
  /** Passes `length` octets to the kernel and buffers what it does not accept; returns their number, or PEER_GONE. */
  write(bytes: Buffer, at: number, length: number): number;
  /** Closes after pending responses are sent; without them if `answering` is false. */
  end(answering: boolean): void;
}

/** One packet of a connection; a chunk can contain many. */
export class StreamPacket extends OrderedPacket<PacketConnection> {
  #frame: Buffer | undefined;
  #at: number;

  constructor(
    connection: PacketConnection,
    receivedAt: number,
    bytes: number,
    /** The buffer that contains the frame, header and packet; undefined for a plain chunk. */
    frame: Buffer | undefined,
    at: number,
    session: Session | undefined,
    sequence: number,
  ) {
    super(connection, receivedAt, bytes, session, sequence);
    this.#frame = frame;
    this.#at = at;
  }

  get heldBytes(): number {
    return this.#frame ? this.bytes : 0;
  }

  /** Puts the frame into a buffer of its own: the one in which it arrived can be 10,000 times as long. */
  protected override own(): void {
    const frame = this.#frame;
    if (!frame) return;
    const copy = Buffer.allocUnsafeSlow(FRAME_HEADER_LENGTH + this.bytes);
    frame.copy(copy, 0, this.#at, this.#at + copy.length);
    this.#frame = copy;
    this.#at = 0;
  }

  encode(reflectorSequence: number): void {
    if (this.#frame) this.answer(this.#frame, reflectorSequence, this.#at + FRAME_HEADER_LENGTH);
  }

  send(): number {
    const sent = this.#frame
      ? this.connection.write(this.#frame, this.#at, FRAME_HEADER_LENGTH + this.bytes)
      : this.#acknowledge();
    this.finish();
    return sent > 0 && this.#frame ? this.bytes : sent;
  }

  #acknowledge(): number {
    const { acknowledgement } = this.connection;
    return this.connection.write(acknowledgement, 0, acknowledgement.length);
  }

  drop(reason: DropReason): void {
    this.finish();
    if (reason === "fault-reset") this.connection.reset();
    else if (!this.#frame && reason !== "peer-gone") this.connection.end(reason !== "fault-down");
  }
}
