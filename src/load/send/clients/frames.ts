/** STAMP packets in a byte stream: each behind its length, two octets, big-endian; cut wherever TCP likes. */
import { FRAME_HEADER_LENGTH, FRAME_MAX_LENGTH } from "../../../stamp/packet.ts";

const NOTHING = Buffer.alloc(0);

/** Puts frames together again. Holds at most one that is not complete. */
export class FrameReader {
  #partial: Buffer = NOTHING;

  /** Octets of a frame that is not complete yet. */
  get unfinished(): number {
    return this.#partial.length;
  }

  /** Feeds one chunk; calls `onFrame` with where each complete frame's packet lies, valid only during the call. */
  feed(chunk: Buffer, onFrame: (bytes: Buffer, at: number, length: number) => void): void {
    const bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_LENGTH) {
      const length = bytes.readUInt16BE(at);
      const end = at + FRAME_HEADER_LENGTH + length;
      if (end > bytes.length) break;
      onFrame(bytes, at + FRAME_HEADER_LENGTH, length);
      at = end;
    }
    // A copy: the chunk's memory is the runtime's again once the callback returns.
    this.#partial = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
  }
}

/**
 * Frames of one size on their way out, side by side in one buffer, so that one call takes them all. Lengths and
 * padding stand in the buffer from the start; only a packet's fields are written over them.
 */
export class FrameWriter {
  readonly bytes: Buffer;
  readonly #frame: number;
  #start = 0;
  #end = 0;

  /**
   * @param packet the padding of each packet
   * @param frames how many frames it holds before the kernel has to take them
   */
  constructor(packet: Buffer, frames: number) {
    if (packet.length > FRAME_MAX_LENGTH) throw new RangeError(`a frame carries at most ${FRAME_MAX_LENGTH} octets`);
    this.#frame = FRAME_HEADER_LENGTH + packet.length;
    this.bytes = Buffer.alloc(this.#frame * frames);
    for (let at = 0; at < this.bytes.length; at += this.#frame) {
      this.bytes.writeUInt16BE(packet.length, at);
      packet.copy(this.bytes, at + FRAME_HEADER_LENGTH);
    }
  }

  /** Whether another frame fits. What the kernel took frees its room only when all of it is gone. */
  get hasRoom(): boolean {
    return this.#end < this.bytes.length;
  }

  /** How many octets wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Where the packet lies of the only frame that waits, no octet of which has gone; -1 where it is not so. */
  get onlyPacket(): number {
    const whole = this.length === this.#frame && this.#start % this.#frame === 0;
    return whole ? this.#start + FRAME_HEADER_LENGTH : -1;
  }

  /** Takes the next frame in and gives where in `bytes` its packet begins. */
  claim(): number {
    const at = this.#end + FRAME_HEADER_LENGTH;
    this.#end += this.#frame;
    return at;
  }

  /** Forgets what waits: its connection is gone. */
  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Hands all that waits, `length` octets of `bytes` from `at` on, to `write`, which gives how many of them it took. */
  drain(write: (bytes: Buffer, at: number, length: number) => number): void {
    if (this.length === 0) return;
    this.#start += Math.max(0, write(this.bytes, this.#start, this.length));
    if (this.#start === this.#end) this.clear();
  }
}
