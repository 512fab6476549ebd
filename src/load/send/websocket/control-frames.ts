/** The control frames that a client sends: pong, and the close frame. */
import type { Write } from "../stamp/framing.ts";
import { type MaskingKeys, maskedFrame } from "./masking.ts";
import { OPCODE } from "./opcodes.ts";

/** Status code of a connection that has served its purpose (RFC 6455 section 7.4.1), as the payload of a close frame. */
const NORMAL_CLOSURE = Buffer.of(1000 >> 8, 1000 & 0xff);
/** Octets of the status code in a close frame. */
const STATUS_LENGTH = 2;

/** Sends at most one frame at a time; of several pings that wait only the last is answered (RFC 6455 section 5.5.3). */
export class ControlFrames {
  readonly #keys: MaskingKeys;
  #waiting: Buffer | undefined;
  /** The part of a frame that the kernel has not accepted. */
  #partial: Buffer | undefined;
  #isClosing = false;

  constructor(keys: MaskingKeys) {
    this.#keys = keys;
  }

  /** Whether the kernel has accepted a part of a frame only: no other frame can be sent. */
  get isPartial(): boolean {
    return this.#partial !== undefined;
  }

  /** Discards what was not sent. */
  clear(): void {
    this.#waiting = undefined;
    this.#partial = undefined;
    this.#isClosing = false;
  }

  /** Answers a ping with its payload, a close frame with its status code. */
  answer(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.close) this.#close(payload.subarray(0, STATUS_LENGTH));
    else if (!this.#isClosing) this.#waiting = maskedFrame(OPCODE.pong, payload, this.#keys);
  }

  /** Ends the connection from this side. */
  close(): void {
    this.#close(NORMAL_CLOSURE);
  }

  #close(status: Buffer): void {
    if (!this.#isClosing) this.#waiting = maskedFrame(OPCODE.close, status, this.#keys);
    this.#isClosing = true;
  }

  /** Passes the rest of a frame, then the waiting one, to `write`. Call only between two other frames. */
  drain(write: Write): void {
    this.#partial ??= this.#takeWaiting();
    while (this.#partial !== undefined) {
      const { length } = this.#partial;
      const written = Math.max(0, write(this.#partial, 0, length));
      if (written < length) {
        this.#partial = this.#partial.subarray(written);
        return;
      }
      this.#partial = this.#takeWaiting();
    }
  }

  #takeWaiting(): Buffer | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
