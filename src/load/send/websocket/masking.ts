/** Masking of the frames that a client sends (RFC 6455 section 5.3). */
import { FrameWriter } from "../../../stamp/frames.ts";
import { STAMP_LENGTH } from "../../../stamp/packet.ts";
import { KEY_LENGTH, maskedHeader, OPCODE } from "./opcodes.ts";

/** Keys that are drawn in one call. */
const KEYS = 1024;

/** Random masking keys, a new one for each frame. */
export class MaskingKeys {
  readonly #keys = new Int32Array(KEYS);
  #at = KEYS;

  /** The next key: its four octets as a signed word in the order of this machine. */
  next(): number {
    if (this.#at === KEYS) {
      crypto.getRandomValues(this.#keys);
      this.#at = 0;
    }
    return this.#keys[this.#at++] ?? 0;
  }
}

/** A buffer whose frames are masked in place, four octets at a time. The runtime's machines are little-endian. */
export class Masking {
  readonly #bytes: Buffer;
  readonly #words: Int32Array;

  /** @param bytes a buffer that begins with its memory */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  }

  /** Masks, or unmasks, the octets from `at` to `end`, of which the first belongs to the first octet of the key. */
  mask(at: number, end: number, key: number): void {
    const firstWord = (at + 3) >>> 2;
    const endWord = Math.max(firstWord, end >>> 2);
    const wordsAt = Math.min(end, firstWord << 2);
    this.#maskOctets(at, wordsAt, key);
    const words = this.#words;
    const shifted = rotated(key, wordsAt - at);
    // Indices are below the length, because `end` is in the buffer.
    for (let index = firstWord; index < endWord; index++) words[index] = (words[index] as number) ^ shifted;
    const restAt = Math.max(wordsAt, endWord << 2);
    this.#maskOctets(restAt, end, rotated(key, restAt - at));
  }

  #maskOctets(at: number, end: number, key: number): void {
    const bytes = this.#bytes;
    for (let index = at; index < end; index++) {
      bytes[index] = (bytes[index] ?? 0) ^ ((key >>> (8 * ((index - at) & 3))) & 0xff);
    }
  }
}

/** The key for octets that begin `octets` after the first masked one. */
function rotated(key: number, octets: number): number {
  const bits = 8 * (octets & 3);
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}

function readKey(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** Not `writeInt32LE`, which checks its arguments and takes longer than the masking of a short packet. */
function writeKey(bytes: Buffer, at: number, key: number): void {
  bytes[at] = key;
  bytes[at + 1] = key >> 8;
  bytes[at + 2] = key >> 16;
  bytes[at + 3] = key >> 24;
}

/** A masked frame with `payload`. */
export function maskedFrame(opcode: number, payload: Buffer, keys: MaskingKeys): Buffer {
  const header = maskedHeader(opcode, payload.length);
  const frame = Buffer.alloc(header.length + payload.length); // has memory of its own
  header.copy(frame);
  payload.copy(frame, header.length);
  const key = keys.next();
  writeKey(frame, header.length - KEY_LENGTH, key);
  new Masking(frame).mask(header.length, frame.length, key);
  return frame;
}

/** Outgoing binary messages of one size in one buffer. The padding of each frame is masked with the key in its header. */
export class MaskedFrameWriter extends FrameWriter {
  readonly #keys: MaskingKeys;
  readonly #length: number;
  readonly #masking: Masking;

  constructor(packet: Buffer, frames: number, keys: MaskingKeys) {
    super(packet, frames, maskedHeader(OPCODE.binary, packet.length));
    this.#keys = keys;
    this.#length = packet.length;
    this.#masking = new Masking(this.bytes);
  }

  /**
   * Masks the packet that was claimed `back` packets before the next one with a new key. Its first STAMP_LENGTH octets have
   * been written; the padding after them is still masked with the key of the frame before at this place.
   */
  seal(back: number): void {
    const { bytes } = this;
    const at = this.packetAt(back);
    const keyAt = at - KEY_LENGTH;
    const before = readKey(bytes, keyAt);
    const key = this.#keys.next();
    writeKey(bytes, keyAt, key);
    const paddingAt = Math.min(at + STAMP_LENGTH, at + this.#length);
    this.#masking.mask(at, paddingAt, key);
    // STAMP_LENGTH is a multiple of the key's length, so that the padding begins with the first octet of the key.
    if (paddingAt < at + this.#length) this.#masking.mask(paddingAt, at + this.#length, key ^ before);
  }
}
