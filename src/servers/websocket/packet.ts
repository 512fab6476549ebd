/** One WebSocket message, a STAMP packet or a plain one, and its response. */
import type { Loss } from "../../faults/decide.ts";
import type { DropReason } from "../../metrics/counters.ts";
import type { Exchange } from "../../reflector/exchange.ts";
import type { Session } from "../../reflector/session.ts";
import { type OrderedConnection, OrderedPacket } from "../bounds/ordered-packet.ts";

/** Codes of close frames (RFC 6455 section 7.4.1): the message was not handled, or was handled without a response. */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

/** What a message needs of its connection. */
export interface MessageConnection extends OrderedConnection {
  /** Sends a STAMP packet, or `ACK-WS` without one; returns its octets, SEND_FAILED or PEER_GONE. */
  write(packet: Buffer | undefined): number;
  /** Closes with a close frame after pending responses are sent; without them if `answering` is false. */
  end(answering: boolean, code: number): void;
}

/** One message of a connection. */
export class MessagePacket extends OrderedPacket<MessageConnection> {
  constructor(
    connection: MessageConnection,
    receivedAt: number,
    bytes: number,
    /** The STAMP packet, in memory of its own; undefined for a plain message. */
    private readonly packet: Buffer | undefined,
    session: Session | undefined,
    sequence: number,
  ) {
    super(connection, receivedAt, bytes, session, sequence);
  }

  get heldBytes(): number {
    return this.packet ? this.bytes : 0;
  }

  copy(): Exchange {
    const packet = this.packet && Buffer.from(this.packet); // the response is written into it
    return new MessagePacket(this.connection, this.receivedAt, this.bytes, packet, this.session, this.sequence);
  }

  encode(reflectorSequence: number): void {
    if (this.packet) this.answer(this.packet, reflectorSequence);
  }

  send(): number {
    const sent = this.connection.write(this.packet);
    this.finish();
    return sent;
  }

  /**
   * A drop of a numbered message is its missing response. A plain one closes the connection, because its peer would match later
   * responses to it.
   */
  drop(reason: DropReason, fault?: Loss): void {
    this.finish();
    if (reason === "fault-reset") this.connection.reset();
    else if (reason !== "peer-gone" && (fault === "close" || !this.packet)) this.#close(reason);
  }

  #close(reason: DropReason): void {
    const isNumbered = this.packet !== undefined;
    this.connection.end(isNumbered || reason !== "fault-down", reason === "fault-up" ? GOING_AWAY : INTERNAL_ERROR);
  }
}
