/** One packet and the means to respond to it, as a listener passes it to the responder. */
import type { DirectionFate, Loss } from "../faults/decide.ts";
import type { Transit } from "../faults/path.ts";
import type { DropReason } from "../metrics/counters.ts";
import type { Session } from "./session.ts";

/** Returned by `send` if the kernel did not accept the response. */
export const SEND_FAILED = -1;
/** Returned by `send` if the connection is closed. */
export const PEER_GONE = -2;

/** A received packet. Valid until the responder's `receive` returns unless `keep` was called. */
export interface Exchange extends Transit {
  /** Monotonic time at which the handler received the packet, ms; after a delay upstream the end of that delay. */
  readonly receivedAt: number;
  /** Payload octets of the packet. */
  readonly bytes: number;
  /** The STAMP session of the packet and the sender's sequence number in it. */
  readonly session: Session | undefined;
  readonly sequence: number;
  /** Time that the response takes to make without any fault, ms. */
  readonly workMs: number;
  /**
   * The packet begins a way up that can take time. Returns when it ends: on a stream, not before the packets ahead of it.
   * @param dueAt the end of its own delay
   */
  depart(dueAt: number): number;
  /**
   * The way up of a packet that departed ends at `now`, also with its loss. Returns false if its connection has ended in
   * the meantime, so that the packet is not received.
   */
  arrive(now: number): boolean;
  /** Inverts one bit of what the lab repeats of the packet, at the relative position `place` (0 to 1); not on a stream. */
  damage?(place: number): void;
  /** A second packet with the same content, as if the path had copied it; where the protocol has no such fault undefined. */
  copy?(): Exchange;
  /** The time at which a response due at `dueAt` can be sent: on a stream, not before the responses queued ahead of it. */
  order(dueAt: number): number;
  /** Encodes the response with the reflector's sequence number and the changes of its content in the downstream fate. */
  encode(reflectorSequence: number, fate: Readonly<DirectionFate>): void;
  /** Passes the response to the kernel; returns its payload octets, SEND_FAILED or PEER_GONE. May be called again. */
  send(): number;
  /**
   * Called when no response will be sent.
   * @param fault the fault that lost the packet; undefined if none did
   */
  drop(reason: DropReason, fault?: Loss): void;
}
