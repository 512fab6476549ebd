/** Cuts a TCP stream into frames: a 2-byte big-endian length, then so many octets of a STAMP packet. */
import { FRAME_HEADER_LENGTH, STAMP_LENGTH } from "./packet.ts";

/** Takes one whole frame: `bytes` from `at`, the header, to `at + FRAME_HEADER_LENGTH + length`. */
export type OnFrame = (bytes: Buffer, at: number, length: number) => void;

/** Reads frames from chunks of any size, holding at most one unfinished frame. */
export class FrameReader {
  /** The unfinished frame; its first `#filled` octets are there. */
  #partial: Buffer = Buffer.alloc(0);
  #filled = 0;

  /** Whether a frame has begun and not ended. */
  get unfinished(): boolean {
    return this.#filled > 0;
  }

  /** Calls `onFrame` for each frame that `chunk` completes; false where a length can be no STAMP packet's. */
  read(chunk: Buffer, onFrame: OnFrame): boolean {
    let at = 0;
    while (this.#filled > 0 && at < chunk.length) {
      at += this.#fill(chunk, at);
      if (this.#filled < FRAME_HEADER_LENGTH) return true;
      const length = this.#partial.readUInt16BE(0);
      if (length < STAMP_LENGTH) return false;
      this.#grow(FRAME_HEADER_LENGTH + length);
      if (this.#filled < this.#partial.length) continue;
      this.#filled = 0;
      onFrame(this.#partial, 0, length);
    }
    return this.#readWhole(chunk, at, onFrame);
  }

  /** Reads the frames that lie whole in `chunk`, without a copy, and keeps what is left. */
  #readWhole(chunk: Buffer, start: number, onFrame: OnFrame): boolean {
    let at = start;
    while (chunk.length - at >= FRAME_HEADER_LENGTH) {
      const length = chunk.readUInt16BE(at);
      if (length < STAMP_LENGTH) return false;
      const end = at + FRAME_HEADER_LENGTH + length;
      if (end > chunk.length) break;
      onFrame(chunk, at, length);
      at = end;
    }
    if (at < chunk.length) {
      const size =
        chunk.length - at < FRAME_HEADER_LENGTH ? FRAME_HEADER_LENGTH : FRAME_HEADER_LENGTH + chunk.readUInt16BE(at);
      this.#partial = Buffer.alloc(size);
      this.#filled = 0;
      this.#fill(chunk, at);
    }
    return true;
  }

  /** Copies what the partial frame still lacks; the number of octets taken. */
  #fill(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#partial, this.#filled, at);
    this.#filled += taken;
    return taken;
  }

  #grow(size: number): void {
    if (this.#partial.length >= size) return;
    const larger = Buffer.alloc(size);
    this.#partial.copy(larger, 0, 0, this.#filled);
    this.#partial = larger;
  }
}
