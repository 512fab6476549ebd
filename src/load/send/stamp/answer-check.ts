/** Checks that a reflector's answer repeats what was sent (RFC 8762 section 4.3.1, RFC 8972 section 3). */
import { STAMP_LENGTH, ssidOf, UNSYNCHRONIZED_MILLISECOND, writeTimestamp } from "../../../stamp/packet.ts";

/** Offsets in a reflector's packet (RFC 8762 section 4.3.1). */
const SENDER_TIMESTAMP_AT = 28;
const SENDER_ERROR_ESTIMATE_AT = 36;
const AFTER_SENDER_FIELDS_AT = 38;

const ZEROS = Buffer.alloc(STAMP_LENGTH - AFTER_SENDER_FIELDS_AT);

/** The checks for the answers of one session. A lab's answers are checked to the last octet. */
export class AnswerCheck {
  readonly #lab: boolean;
  readonly #padding: Buffer;
  readonly #timestamp = Buffer.alloc(8);

  /** @param padding a packet of the session's size with the octets that follow the STAMP fields */
  constructor(lab: boolean, padding: Buffer) {
    this.#lab = lab;
    this.#padding = padding;
  }

  /** Whether the session id, the error estimate and, from a lab, the length and the padding are those that were sent. */
  isIntact(bytes: Buffer, at: number, length: number, ssid: number): boolean {
    const returned = ssidOf(bytes, at);
    const estimate =
      ((bytes[at + SENDER_ERROR_ESTIMATE_AT] ?? 0) << 8) + (bytes[at + SENDER_ERROR_ESTIMATE_AT + 1] ?? 0);
    if (estimate !== UNSYNCHRONIZED_MILLISECOND) return false;
    // Other reflectors may not support session ids, and may change the padding.
    if (!this.#lab) return returned === ssid || returned === 0;
    if (returned !== ssid || length !== this.#padding.length) return false;
    return length === STAMP_LENGTH || this.#padding.compare(bytes, at + STAMP_LENGTH, at + length, STAMP_LENGTH) === 0;
  }

  /** Whether a lab returned the send time (`wall`) to the last bit, with zeros after the sender's fields. */
  isExact(bytes: Buffer, at: number, wall: number): boolean {
    if (!this.#lab) return true;
    writeTimestamp(this.#timestamp, 0, wall);
    return (
      this.#timestamp.compare(bytes, at + SENDER_TIMESTAMP_AT, at + SENDER_ERROR_ESTIMATE_AT) === 0 &&
      ZEROS.compare(bytes, at + AFTER_SENDER_FIELDS_AT, at + STAMP_LENGTH) === 0
    );
  }
}
