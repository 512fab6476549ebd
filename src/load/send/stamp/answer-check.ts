/** Checks that a reflector's answer repeats what was sent (RFC 8762 section 4.3.1, RFC 8972 section 3). */
import { STAMP_LENGTH, ssidOf, UNSYNCHRONIZED_MILLISECOND, writeTimestamp } from "../../../stamp/packet.ts";

/** Offsets in a reflector's packet (RFC 8762 section 4.3.1). */
const SENDER_TIMESTAMP_AT = 28;
const SENDER_ERROR_ESTIMATE_AT = 36;
const AFTER_SENDER_FIELDS_AT = 38;

const ZEROS = Buffer.alloc(STAMP_LENGTH - AFTER_SENDER_FIELDS_AT);
/** Octets up to which a loop takes less time than `compare`. */
const FEW = 64;

/** Whether `length` octets of `one` from `oneAt` are those of `other` from `otherAt`. */
function isSame(one: Buffer, oneAt: number, other: Buffer, otherAt: number, length: number): boolean {
  if (length > FEW) return one.compare(other, otherAt, otherAt + length, oneAt, oneAt + length) === 0;
  for (let index = 0; index < length; index++) if (one[oneAt + index] !== other[otherAt + index]) return false;
  return true;
}

/** The checks for the answers of one session. */
export class AnswerCheck {
  readonly #padding: Buffer;
  readonly #timestamp = Buffer.alloc(8);

  /** @param padding a packet of the session's size with the octets that follow the STAMP fields */
  constructor(padding: Buffer) {
    this.#padding = padding;
  }

  /** Whether the answer has what every reflector repeats: the sender's error estimate, and the session id or none. */
  isIntact(bytes: Buffer, at: number, ssid: number): boolean {
    const returned = ssidOf(bytes, at);
    return this.hasSenderEstimate(bytes, at) && (returned === ssid || returned === 0);
  }

  /** Whether the answer repeats the error estimate that every session of this program sends. */
  hasSenderEstimate(bytes: Buffer, at: number): boolean {
    return bytes.readUInt16BE(at + SENDER_ERROR_ESTIMATE_AT) === UNSYNCHRONIZED_MILLISECOND;
  }

  /**
   * Whether the answer repeats everything that a lab repeats: session id, length, padding and the send time (`wall`) to the
   * last bit, with zeros where other reflectors write the sender's TTL.
   */
  isExact(bytes: Buffer, at: number, length: number, ssid: number, wall: number): boolean {
    if (ssidOf(bytes, at) !== ssid || length !== this.#padding.length) return false;
    writeTimestamp(this.#timestamp, 0, wall);
    return (
      isSame(this.#timestamp, 0, bytes, at + SENDER_TIMESTAMP_AT, this.#timestamp.length) &&
      isSame(ZEROS, 0, bytes, at + AFTER_SENDER_FIELDS_AT, ZEROS.length) &&
      isSame(this.#padding, STAMP_LENGTH, bytes, at + STAMP_LENGTH, length - STAMP_LENGTH)
    );
  }
}
