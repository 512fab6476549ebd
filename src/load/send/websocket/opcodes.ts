/** The constants of WebSocket frames (RFC 6455 section 5.2). */

/** What a frame carries. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Bits of the first octet: the last frame of a message, and three that only extensions set. */
export const FIN = 0x80;
export const RESERVED_BITS = 0x70;
/** Bit of the second octet: the payload is masked. */
export const MASKED = 0x80;
/** Values of the length in the second octet that announce a length of 16 or of 64 bits. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;
/** Longest payload of a control frame, octets (RFC 6455 section 5.5). */
export const MAX_CONTROL = 125;
/** Octets of a masking key. */
export const KEY_LENGTH = 4;

/** The header of a masked frame with a payload of `length` octets, with a key of zeros at its end. */
export function maskedHeader(opcode: number, length: number): Buffer {
  const isShort = length < LENGTH_16;
  const is16 = length < 2 ** 16;
  const header = Buffer.alloc(2 + (isShort ? 0 : is16 ? 2 : 8) + KEY_LENGTH);
  header[0] = FIN | opcode;
  header[1] = MASKED | (isShort ? length : is16 ? LENGTH_16 : LENGTH_64);
  if (!isShort && is16) header.writeUInt16BE(length, 2);
  else if (!isShort) header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
