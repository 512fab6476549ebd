/** Reads reflector packets independently of the reflector, for tests. */
import { readTimestamp, STAMP_LENGTH } from "../../src/stamp/packet.ts";

/** Every field of a reflector packet (RFC 8762 section 4.3.1); times in ms since the Unix epoch. */
export interface ReflectorPacket {
  readonly reflectorSequence: number;
  readonly reflectorSentAt: number;
  readonly reflectorErrorEstimate: number;
  readonly ssid: number;
  readonly receivedAt: number;
  readonly senderSequence: number;
  readonly senderSentAt: number;
  readonly senderErrorEstimate: number;
  readonly senderTtl: number;
}

/** Reads the reflector packet at `at`; undefined if fewer than 44 octets are left. */
export function readReflectorPacket(bytes: Uint8Array, at = 0): ReflectorPacket | undefined {
  if (bytes.length - at < STAMP_LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  return {
    reflectorSequence: view.getUint32(0),
    reflectorSentAt: readTimestamp(bytes, at + 4),
    reflectorErrorEstimate: view.getUint16(12),
    ssid: view.getUint16(14),
    receivedAt: readTimestamp(bytes, at + 16),
    senderSequence: view.getUint32(24),
    senderSentAt: readTimestamp(bytes, at + 28),
    senderErrorEstimate: view.getUint16(36),
    senderTtl: view.getUint8(40),
  };
}
