/** Masking of the frames that a client sends (RFC 6455 section 5.3). */
import { FrameWriter } from "../../../stamp/frames.ts";
import { STAMP_LENGTH } from "../../../stamp/packet.ts";
import { KEY_LENGTH, maskedHeader, OPCODE } from "./opcodes.ts";

/** Keys that are drawn in one call. */
const KEYS = 1024;

/** Random masking keys, a new one for each frame. */
export class MaskingKeys {
  readonly #keys = Buffer.alloc(KEYS * KEY_LENGTH);
  #at = this.#keys.length;

  /** Writes the next key into `bytes` at `at`. */
  write(bytes: Buffer, at: number): void {
    if (this.#at === this.#keys.length) {
      crypto.getRandomValues(this.#keys);
      this.#at = 0;
    }
    for (let index = 0; index < KEY_LENGTH; index++) bytes[at + index] = this.#keys[this.#at++] ?? 0;
  }
}

/** Masks, or unmasks, the octets of `bytes` from `at` to `end` with the key at `keyAt` in the same buffer. */
export function mask(bytes: Buffer, at: number, end: number, keyAt: number): void {
  const a = bytes[keyAt] ?? 0;
  const b = bytes[keyAt + 1] ?? 0;
  const c = bytes[keyAt + 2] ?? 0;
  const d = bytes[keyAt + 3] ?? 0;
  let index = at;
  for (; index + 3 < end; index += 4) {
    bytes[index] = (bytes[index] ?? 0) ^ a;
    bytes[index + 1] = (bytes[index + 1] ?? 0) ^ b;
    bytes[index + 2] = (bytes[index + 2] ?? 0) ^ c;
    bytes[index + 3] = (bytes[index + 3] ?? 0) ^ d;
  }
  for (; index < end; index++) bytes[index] = (bytes[index] ?? 0) ^ (bytes[keyAt + ((index - at) % KEY_LENGTH)] ?? 0);
}

/** A masked frame with `payload`. */
export function maskedFrame(opcode: number, payload: Buffer, keys: MaskingKeys): Buffer {
  const header = maskedHeader(opcode, payload.length);
  const frame = Buffer.concat([header, payload]);
  const keyAt = header.length - KEY_LENGTH;
  keys.write(frame, keyAt);
  mask(frame, header.length, frame.length, keyAt);
  return frame;
}

/** Outgoing binary messages of one size in one buffer. The padding of each frame is masked with the key in its header. */
export class MaskedFrameWriter extends FrameWriter {
  readonly #keys: MaskingKeys;
  readonly #length: number;

  constructor(packet: Buffer, frames: number, keys: MaskingKeys) {
    super(packet, frames, maskedHeader(OPCODE.binary, packet.length));
    this.#keys = keys;
    this.#length = packet.length;
  }

  /**
   * Masks the packet that was claimed `back` packets before the next one with a new key. Its first STAMP_LENGTH octets have
   * been written; the padding after them is still masked with the key of the frame before at this place.
   */
  seal(back: number): void {
    const { bytes } = this;
    const at = this.packetAt(back);
    const keyAt = at - KEY_LENGTH;
    const [end, paddingAt] = [at + this.#length, at + STAMP_LENGTH];
    if (paddingAt < end) mask(bytes, paddingAt, end, keyAt); // STAMP_LENGTH is a multiple of the key's length
    this.#keys.write(bytes, keyAt);
    mask(bytes, at, end, keyAt);
  }
}
