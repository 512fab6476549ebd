/**
 * Limits what the kernel receives ahead from a source with a rate. The runtime reads all of it at once, up to 512 KiB, and
 * cannot be told to read less: a smaller receive buffer makes what is read fit into the queue in front of the rate.
 */
import { limitStreamBuffer, releaseStreamBuffer, type StreamPeer, streamPeer } from "../../base/stream-buffer.ts";

/** What one source has of a link: its share of the queue, octets, and of the rate, bit/s. */
export interface LinkShare {
  readonly queueBytes: number;
  readonly rate: number;
}

/** Most octets that the runtime reads at once: a larger buffer needs no limit. */
const READ_BYTES = 512 * 1024;
/** The part of a queue that one reading may fill. */
const QUEUE_PART = 1 / 4;
/** Time for which the kernel has to hold octets besides two round trips, so that a link is busy while the source is paused, ms. */
const BUSY_MS = 10;
/** Most octets on account of the length of segments, if these are not longer. */
const SEGMENTS_BYTES = 32 * 1024;

/**
 * Most octets that the kernel may receive ahead. A buffer holds about half of it in payload if the packets are small. One that has
 * no place for a segment would stop the peer for a time-out (200 ms): it has place for four, or for two long ones of the
 * loopback interface.
 */
export function receiveLimit({ queueBytes, rate }: LinkShare, { segmentBytes, roundTripMs }: StreamPeer): number {
  const busy = (rate / 8000) * (BUSY_MS + 2 * roundTripMs);
  const segments = Math.max(2 * segmentBytes, Math.min(12 * segmentBytes, SEGMENTS_BYTES));
  return Math.max(queueBytes * QUEUE_PART, busy, segments);
}

/** The limit of one source. */
export class ReceiveLimit {
  #peer: StreamPeer | undefined;
  #limit = Number.POSITIVE_INFINITY;
  #hasShare = false;

  /** Octets that one reading can have; 0 without a rate. */
  get bytes(): number {
    return this.#hasShare ? Math.min(this.#limit, READ_BYTES) : 0;
  }

  /** Sets the limit for a share of a link, or ends it. Makes no system call if a limit stays about the same. */
  set(socket: object, share: LinkShare | undefined): void {
    this.#hasShare = share !== undefined;
    if (share) this.#peer ??= streamPeer(socket);
    const limit = share && this.#peer ? receiveLimit(share, this.#peer) : Number.POSITIVE_INFINITY;
    if (limit >= READ_BYTES) this.#release(socket);
    else if (limit <= this.#limit / 2 || limit >= this.#limit * 2) this.#apply(socket, limit);
  }

  #apply(socket: object, limit: number): void {
    if (limitStreamBuffer(socket, limit)) this.#limit = limit;
  }

  #release(socket: object): void {
    if (this.#limit < READ_BYTES) releaseStreamBuffer(socket);
    this.#limit = Number.POSITIVE_INFINITY;
  }
}
