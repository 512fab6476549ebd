/** STAMP packets in a byte stream: each behind its length, two octets, big-endian; cut wherever TCP likes. */
import { FRAME_HEADER_LENGTH, FRAME_MAX_LENGTH } from "../../stamp.ts";

/** Puts frames together again. Holds at most one that is not complete. */
export class FrameReader {
  #partial: Buffer = Buffer.alloc(0);

  /** Octets of a frame that is not complete yet. */
  get unfinished(): number {
    return this.#partial.length;
  }

  /** Feeds one chunk; calls `onFrame` with each complete frame's packet, valid only during the call. */
  feed(chunk: Buffer, onFrame: (packet: Buffer) => void): void {
    const bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_LENGTH) {
      const length = bytes.readUInt16BE(at);
      const end = at + FRAME_HEADER_LENGTH + length;
      if (end > bytes.length) break;
      onFrame(bytes.subarray(at + FRAME_HEADER_LENGTH, end));
      at = end;
    }
    // A copy: the chunk's memory is the runtime's again once the callback returns.
    this.#partial = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }
}

/** Frames of one size on their way out: written side by side into one buffer, so that one call takes them all. */
export class FrameWriter {
  readonly #buffer: Buffer;
  readonly #frame: number;
  #start = 0;
  #end = 0;
  #cut = false;

  /**
   * @param size octets of one packet
   * @param frames how many frames it holds before the kernel has to take some
   */
  constructor(size: number, frames: number) {
    if (size > FRAME_MAX_LENGTH) throw new RangeError(`a frame carries at most ${FRAME_MAX_LENGTH} octets`);
    this.#frame = FRAME_HEADER_LENGTH + size;
    this.#buffer = Buffer.alloc(this.#frame * frames);
  }

  /** Whether another frame fits. */
  get hasRoom(): boolean {
    return this.#end + this.#frame <= this.#buffer.length || this.#start >= this.#frame;
  }

  /** How many octets wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Whether exactly one frame waits, no octet of which has gone. */
  get holdsOneWhole(): boolean {
    return !this.#cut && this.length === this.#frame;
  }

  /** Makes room for one frame, copies `packet` in as its padding, and calls `write` to write the fields over it. */
  append(packet: Buffer, write: (bytes: Buffer, at: number) => void): void {
    if (this.#end + this.#frame > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    const at = this.#end + FRAME_HEADER_LENGTH;
    this.#buffer.writeUInt16BE(packet.length, this.#end);
    packet.copy(this.#buffer, at);
    write(this.#buffer, at);
    this.#end = at + packet.length;
  }

  /** Forgets what waits: its connection is gone. */
  clear(): void {
    this.#start = 0;
    this.#end = 0;
    this.#cut = false;
  }

  /** Hands all that waits to `write`, which gives how many octets it took. */
  drain(write: (bytes: Buffer) => number): void {
    if (this.length === 0) return;
    this.#start += Math.max(0, write(this.#buffer.subarray(this.#start, this.#end)));
    if (this.#start === this.#end) this.clear();
    else this.#cut = true;
  }
}
