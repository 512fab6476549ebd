/** Reads the messages of a WebSocket server from a stream of octets (RFC 6455 section 5), without extensions. */
import { FIN, LENGTH_16, LENGTH_64, MASKED, MAX_CONTROL, OPCODE, RESERVED_BITS } from "./opcodes.ts";

/** Longest message that is read, octets. */
export const MAX_MESSAGE = 2 ** 20;

/** Error code for a peer that violates the protocol. */
export const NOT_WEBSOCKET = "not-websocket";
/** Code for a peer that has ended the connection, with a close frame or without. */
export const CLOSED = "closed";

/** Receives a complete message: `length` octets of `bytes` from `at`, which are valid during the call only. */
export type OnMessage = (bytes: Buffer, at: number, length: number) => void;

/** Receives a ping, or the close frame, as `OnMessage` a message. */
export type OnControl = (opcode: number, payload: Buffer) => void;

const NONE = Buffer.alloc(0);
/** Least memory for an incomplete frame, octets. */
const LEAST = 256;
/** In place of an offset: the octets violate the protocol. */
const VIOLATION = -1;

/** Appends octets to a buffer that grows with them. */
class Growing {
  bytes: Buffer = NONE;
  filled = 0;

  append(source: Buffer, at: number, length: number): void {
    const size = this.filled + length;
    if (this.bytes.length < size) {
      // Not Buffer.alloc: small buffers would share the slabs of a pool and keep them in memory.
      const larger = Buffer.allocUnsafeSlow(Math.max(LEAST, 2 ** Math.ceil(Math.log2(size))));
      this.bytes.copy(larger, 0, 0, this.filled);
      this.bytes = larger;
    }
    source.copy(this.bytes, this.filled, at, at + length);
    this.filled = size;
  }

  /** Returns the buffer, and starts with another one. */
  take(): Buffer {
    const { bytes } = this;
    this.bytes = NONE;
    this.filled = 0;
    return bytes;
  }
}

/** Reads the messages of one connection, and buffers at most one incomplete frame and one incomplete message. */
export class MessageReader {
  readonly #onControl: OnControl;
  readonly #frame = new Growing();
  readonly #message = new Growing();
  /** Whether frames of the present message have been read. */
  #inMessage = false;
  #isClosed = false;

  constructor(onControl: OnControl) {
    this.#onControl = onControl;
  }

  /** Whether part of a frame or of a message is buffered. */
  get unfinished(): boolean {
    return this.#frame.filled > 0 || this.#inMessage;
  }

  /** Prepares for another connection. */
  clear(): void {
    this.#frame.take();
    this.#message.take();
    this.#inMessage = false;
    this.#isClosed = false;
  }

  /** Reads a chunk. Returns NOT_WEBSOCKET at the first violation, CLOSED after a close frame, otherwise undefined. */
  read(chunk: Buffer, onMessage: OnMessage): typeof NOT_WEBSOCKET | typeof CLOSED | undefined {
    let at = 0;
    while (!this.#isClosed) {
      const next = this.#frame.filled > 0 ? this.#fill(chunk, at, onMessage) : this.#whole(chunk, at, onMessage);
      if (next === VIOLATION) return NOT_WEBSOCKET;
      if (next === at) return this.#isClosed ? CLOSED : undefined;
      at = next;
    }
    return CLOSED;
  }

  /** Reads a frame that is complete in the chunk without copying it, or buffers the rest. Returns the offset after it. */
  #whole(chunk: Buffer, at: number, onMessage: OnMessage): number {
    const available = chunk.length - at;
    const needed = this.#needed(chunk, at, available);
    if (needed === VIOLATION) return VIOLATION;
    if (needed <= available) return this.#read(chunk, at, needed, onMessage) ? at + needed : VIOLATION;
    this.#frame.append(chunk, at, available);
    return chunk.length;
  }

  /** Adds octets to the incomplete frame, as many as it needs next. Returns the offset after them. */
  #fill(chunk: Buffer, at: number, onMessage: OnMessage): number {
    const frame = this.#frame;
    const needed = this.#needed(frame.bytes, 0, frame.filled);
    if (needed === VIOLATION) return VIOLATION;
    const added = Math.min(needed - frame.filled, chunk.length - at);
    frame.append(chunk, at, added);
    const whole = this.#needed(frame.bytes, 0, frame.filled);
    if (whole === VIOLATION) return VIOLATION;
    if (whole > frame.filled) return at + added;
    return this.#read(frame.take(), 0, whole, onMessage) ? at + added : VIOLATION;
  }

  /** Octets that the frame at `at` has at least, as far as its first `available` octets say; VIOLATION if it is invalid. */
  #needed(bytes: Buffer, at: number, available: number): number {
    if (available < 2) return 2;
    const [flags, length] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
    if (!this.#isAllowed(flags, length)) return VIOLATION;
    if (length < LENGTH_16) return this.#fits(length) || (flags & 0x0f) >= OPCODE.close ? 2 + length : VIOLATION;
    const header = length === LENGTH_16 ? 4 : 10;
    if (available < header) return header;
    const long = length === LENGTH_64 ? Number(bytes.readBigUInt64BE(at + 2)) : bytes.readUInt16BE(at + 2);
    const isShortest = long >= (length === LENGTH_64 ? 2 ** 16 : LENGTH_16);
    return isShortest && this.#fits(long) ? header + long : VIOLATION;
  }

  /** Whether the present message can have `length` octets more. */
  #fits(length: number): boolean {
    return this.#message.filled + length <= MAX_MESSAGE;
  }

  /** Whether a frame with these first two octets may follow. */
  #isAllowed(flags: number, length: number): boolean {
    const opcode = flags & 0x0f;
    if ((flags & RESERVED_BITS) !== 0 || (length & MASKED) !== 0) return false;
    if (opcode >= OPCODE.close) return opcode <= OPCODE.pong && (flags & FIN) !== 0 && length <= MAX_CONTROL;
    return this.#inMessage ? opcode === OPCODE.continuation : opcode === OPCODE.text || opcode === OPCODE.binary;
  }

  /** Reads a complete frame of `size` octets. Returns false if it violates the protocol. */
  #read(bytes: Buffer, at: number, size: number, onMessage: OnMessage): boolean {
    const [flags, short] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
    const header = short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : 10;
    const [start, length] = [at + header, size - header];
    const opcode = flags & 0x0f;
    if (opcode >= OPCODE.close) {
      this.#readControl(opcode, bytes.subarray(start, start + length));
      return true;
    }
    const isLast = (flags & FIN) !== 0;
    if (isLast && !this.#inMessage) onMessage(bytes, start, length);
    else this.#readPart(bytes, start, length, isLast, onMessage);
    return true;
  }

  #readPart(bytes: Buffer, at: number, length: number, isLast: boolean, onMessage: OnMessage): void {
    this.#message.append(bytes, at, length);
    this.#inMessage = !isLast;
    if (!isLast) return;
    const { filled } = this.#message;
    onMessage(this.#message.take(), 0, filled);
  }

  #readControl(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.close) this.#isClosed = true;
    if (opcode !== OPCODE.pong) this.#onControl(opcode, payload);
  }
}
