/** The frames of HTTP/2 (RFC 9113 section 4). */
import { ProtocolError } from "../http/head.ts";

/** Types of frames (section 6). */
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

/** Flags of frames. */
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Settings (section 6.5.2). */
export const SETTING = { tableSize: 1, push: 2, streams: 3, window: 4, frameSize: 5 } as const;

/** Codes of RST_STREAM (section 7). */
export const CODE = { refused: 7, cancel: 8 } as const;

/** Octets before the payload of a frame. */
export const HEADER = 9;
/** The largest payload that a peer may send without a setting for it. */
export const MAX_PAYLOAD = 16_384;
/** The window of a connection, and of a stream without a setting for it. */
export const FIRST_WINDOW = 65_535;
/** The largest window, and the largest id of a stream. */
export const MAX_31_BITS = 2 ** 31 - 1;

/** A frame. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER + payload.length);
  writeHeader(bytes, 0, payload.length, type, flags, stream);
  bytes.set(payload, HEADER);
  return bytes;
}

/** Writes the octets before a frame's payload. */
export function writeHeader(
  bytes: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes.writeUInt32BE(stream, at + 5);
}

/** A payload of integers of 32 bits. */
export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** The payload of SETTINGS. */
export function settings(entries: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(6 * entries.length);
  for (const [index, [id, value]] of entries.entries()) {
    bytes.writeUInt16BE(id, 6 * index);
    bytes.writeUInt32BE(value, 6 * index + 2);
  }
  return bytes;
}

/** Receives a frame whose payload of `length` octets is at `at`. */
export type OnFrame = (bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number) => void;

/** Reads frames from a stream of octets. */
export class FrameReader {
  #partial: Buffer | undefined;

  /** Reads a chunk. Throws a ProtocolError for a frame that is too large. */
  read(chunk: Buffer, onFrame: OnFrame): void {
    const bytes = this.#partial === undefined ? chunk : Buffer.concat([this.#partial, chunk]);
    this.#partial = undefined;
    let at = 0;
    while (at + HEADER <= bytes.length) {
      const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      if (length > MAX_PAYLOAD) throw new ProtocolError("a frame of more than 16 KiB");
      const next = at + HEADER + length;
      if (next > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & MAX_31_BITS;
      onFrame(bytes, at + HEADER, length, bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream);
      at = next;
    }
    if (at < bytes.length) this.#partial = Buffer.from(bytes.subarray(at));
  }
}

/** The offset and the length of the payload without its padding. Throws a ProtocolError if it is longer than the frame. */
export function unpadded(bytes: Buffer, at: number, length: number, flags: number): readonly [number, number] {
  const before = (flags & FLAG.padded) === 0 ? 0 : 1 + (bytes[at] ?? 0);
  if (before > length) throw new ProtocolError("padding that is longer than its frame");
  return before === 0 ? [at, length] : [at + 1, length - before];
}
