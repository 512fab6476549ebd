/**
 * STAMP packets in a byte stream: the framing that both ends of a TCP connection use (docs/CONTRACT.md, section 3).
 * A connection starts with the preface. Each frame is a 2-octet big-endian length and a STAMP packet of that length.
 */
import { STAMP_LENGTH } from "./packet.ts";

/** The first 8 octets that a TCP client sends to select STAMP frames. */
export const STAMP_PREFACE = "STAMP/1\n";

/** Length of the header before each packet, octets. */
export const FRAME_HEADER_LENGTH = 2;

/** Longest packet that a header can announce, octets. */
export const FRAME_MAX_LENGTH = 0xffff;

/** Receives one complete frame: `bytes` from `at`, where its header starts, to `at + FRAME_HEADER_LENGTH + length`. */
export type OnFrame = (bytes: Buffer, at: number, length: number) => void;

const NO_OCTETS = Buffer.alloc(0);
/** Least memory for an incomplete frame, octets. */
const LEAST_PARTIAL = 256;

/** Reads frames from chunks of any size and buffers at most one incomplete frame. */
export class FrameReader {
  /** The incomplete frame, of which the first `#filled` octets have arrived. It grows with these. */
  #partial: Buffer = NO_OCTETS;
  #filled = 0;

  /** @param shortest length below which a frame is rejected, octets */
  constructor(private readonly shortest: number = STAMP_LENGTH) {}

  /** Whether part of a frame is buffered. */
  get unfinished(): boolean {
    return this.#filled > 0;
  }

  /** Memory that the incomplete frame takes, octets. */
  get held(): number {
    return this.#partial.length;
  }

  /** Discards the incomplete frame. */
  clear(): void {
    this.#partial = NO_OCTETS;
    this.#filled = 0;
  }

  /**
   * Calls `onFrame` for each frame that `chunk` completes. The octets are valid during the call only. Returns false at
   * the first header whose length is below the shortest allowed; the rest of the chunk is then not read.
   */
  read(chunk: Buffer, onFrame: OnFrame): boolean {
    let at = 0;
    while (this.#filled > 0 && at < chunk.length) {
      if (this.#filled < FRAME_HEADER_LENGTH) at += this.#fill(chunk, at, FRAME_HEADER_LENGTH);
      if (this.#filled < FRAME_HEADER_LENGTH) return true;
      const length = this.#partial.readUInt16BE(0);
      if (length < this.shortest) return false;
      at += this.#fill(chunk, at, FRAME_HEADER_LENGTH + length);
      if (this.#filled < FRAME_HEADER_LENGTH + length) return true;
      const frame = this.#partial;
      this.clear();
      onFrame(frame, 0, length);
    }
    return this.#readWhole(chunk, at, onFrame);
  }

  /** Reads the frames that are complete in `chunk` without copying them, then buffers the rest. */
  #readWhole(chunk: Buffer, start: number, onFrame: OnFrame): boolean {
    let at = start;
    while (chunk.length - at >= FRAME_HEADER_LENGTH) {
      const length = chunk.readUInt16BE(at);
      if (length < this.shortest) return false;
      const end = at + FRAME_HEADER_LENGTH + length;
      if (end > chunk.length) break;
      onFrame(chunk, at, length);
      at = end;
    }
    if (at < chunk.length) this.#fill(chunk, at, chunk.length - at);
    return true;
  }

  /** Copies octets of the incomplete frame until it has `size` of them; returns how many were copied. */
  #fill(chunk: Buffer, at: number, size: number): number {
    const filled = Math.min(size, this.#filled + chunk.length - at);
    this.#grow(filled);
    const copied = chunk.copy(this.#partial, this.#filled, at, at + filled - this.#filled);
    this.#filled = filled;
    return copied;
  }

  /** Not Buffer.alloc: small buffers would share the slabs of a pool and keep them in memory. */
  #grow(size: number): void {
    if (this.#partial.length >= size) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(LEAST_PARTIAL, 2 ** Math.ceil(Math.log2(size))));
    this.#partial.copy(larger, 0, 0, this.#filled);
    this.#partial = larger;
  }
}

/** The header of a frame with `packet`. */
function lengthHeader({ length }: Buffer): Buffer {
  if (length > FRAME_MAX_LENGTH) throw new RangeError(`a frame carries at most ${FRAME_MAX_LENGTH} octets`);
  return Buffer.of(length >> 8, length & 0xff);
}

/**
 * Outgoing frames of one size in one contiguous buffer, so that a single write sends all of them. Headers and padding
 * are written once, when the buffer is made; each packet only overwrites its fields.
 */
export class FrameWriter {
  readonly bytes: Buffer;
  readonly #header: number;
  readonly #frame: number;
  #start = 0;
  #end = 0;

  /**
   * @param packet the padding of each packet
   * @param frames number of frames that the buffer holds
   * @param header the octets before each packet; default: its length
   */
  constructor(packet: Buffer, frames: number, header = lengthHeader(packet)) {
    this.#header = header.length;
    this.#frame = header.length + packet.length;
    this.bytes = Buffer.alloc(this.#frame * frames);
    for (let at = 0; at < this.bytes.length; at += this.#frame) {
      header.copy(this.bytes, at);
      packet.copy(this.bytes, at + header.length);
    }
  }

  /** Whether another frame fits. Space is freed only once the kernel has accepted all frames. */
  get hasCapacity(): boolean {
    return this.#end < this.bytes.length;
  }

  /** Octets not yet accepted by the kernel. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Offset in `bytes` of the packet that was claimed `back` packets before the next one. It must be pending. */
  packetAt(back: number): number {
    return this.#end - back * this.#frame + this.#header;
  }

  /** Reserves the next frame; returns the offset of its packet in `bytes`. */
  claim(): number {
    this.#end += this.#frame;
    return this.packetAt(1);
  }

  /** Discards all pending frames, after their connection was closed. */
  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Passes all pending octets, `length` of `bytes` from `at`, to `write`, which returns how many it accepted. */
  drain(write: (bytes: Buffer, at: number, length: number) => number): void {
    if (this.length === 0) return;
    this.#start += Math.max(0, write(this.bytes, this.#start, this.length));
    if (this.#start === this.#end) this.clear();
  }
}
