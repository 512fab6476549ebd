/**
 * STAMP test packets (RFC 8762, unauthenticated mode; session id of RFC 8972 section 3), read and written in place.
 *
 * Sender packet, octets:    0 sequence number | 4 timestamp T1 | 12 error estimate | 14 session id | 16 zero … 43
 * Reflector packet, octets: 0 sequence number | 4 timestamp T3 | 12 error estimate | 14 session id | 16 timestamp T2
 *                           24 sender's sequence number | 28 T1 | 36 sender's error estimate | 38 zero | 40 TTL | 41 zero
 *
 * Every number is big-endian. Times are milliseconds since the Unix epoch with a fraction (resolution 0.2 µs).
 */

/** Least length of a STAMP packet, octets (RFC 8762 sections 4.2.1 and 4.3.1). */
export const STAMP_LENGTH = 44;

/** Seconds from the NTP epoch (1900) to the Unix epoch (1970), RFC 868. */
const NTP_UNIX_SECONDS = 2_208_988_800;
const TWO_32 = 2 ** 32;

/** Error estimate of a clock that is not synchronised, with an error of about 1 ms: S=0, Z=0 (NTP), 1 × 2^(22-32) s. */
export const UNSYNCHRONIZED_MILLISECOND = (22 << 8) | 1;

/** Offset of the error estimate of the packet's own sender (RFC 8762 sections 4.2.1 and 4.3.1). */
const ERROR_ESTIMATE_AT = 12;
/** Flags of its first octet: S, the clock is synchronised to UTC; Z, timestamps are in the PTP format. */
const SYNCHRONIZED = 0x80;
const PTP_FORMAT = 0x40;

/** What a packet's error estimate says about the clock of its sender (RFC 4656 section 4.1.2, RFC 8186 section 2). */
export interface ErrorEstimate {
  /** S: the clock is synchronised to UTC by an external source. */
  readonly synchronized: boolean;
  /** Z: the format of the packet's own timestamps. */
  readonly format: "ntp" | "ptp";
  /** Multiplier × 2^(scale - 32), s; null if the multiplier is 0, which the standard forbids. */
  readonly errorSeconds: number | null;
}

/** The fields that a session sender writes into a test packet. */
export interface SenderFields {
  /** Sequence number, 0 to 2^32 - 1. */
  readonly sequence: number;
  /** T1, the send time, ms since the Unix epoch. */
  readonly sentAt: number;
  /** Session id (SSID, RFC 8972), 0 to 65535; 0 is none. */
  readonly ssid: number;
}

/** The fields that a session reflector writes into its packet. */
export interface ReflectorFields {
  /** The reflector's own sequence number (stateful mode, RFC 8762 section 4.3). */
  readonly sequence: number;
  /** T2, the receive time, ms since the Unix epoch. */
  readonly receivedAt: number;
  /** T3, the send time of the reflector packet, ms since the Unix epoch. */
  readonly sentAt: number;
}

function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 65536 + readUint16(bytes, at + 2);
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Writes zeros from `from` to `to`. For a few octets a loop takes a tenth of the time of `fill`. */
function clear(bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at++) bytes[at] = 0;
}

/** Writes a time (ms since the Unix epoch) as a 64-bit NTP timestamp (RFC 5905 section 6), modulo its era. */
export function writeTimestamp(bytes: Uint8Array, at: number, time: number): void {
  const seconds = Math.floor(time / 1000);
  writeUint32(bytes, at, seconds + NTP_UNIX_SECONDS);
  writeUint32(bytes, at + 4, Math.floor((time / 1000 - seconds) * TWO_32));
}

/** Reads a 64-bit NTP timestamp as ms since the Unix epoch; seconds before 1968 belong to the era that began in 2036. */
export function readTimestamp(bytes: Uint8Array, at: number): number {
  const seconds = readUint32(bytes, at);
  const era = seconds < 0x8000_0000 ? TWO_32 : 0;
  return (seconds + era - NTP_UNIX_SECONDS) * 1000 + (readUint32(bytes, at + 4) / TWO_32) * 1000;
}

/** The two octets of the error estimate of the packet at `at`. */
export function errorEstimateBits(bytes: Uint8Array, at = 0): number {
  return readUint16(bytes, at + ERROR_ESTIMATE_AT);
}

/** The error estimate of the packet at `at`. */
export function errorEstimateOf(bytes: Uint8Array, at = 0): ErrorEstimate {
  const flags = bytes[at + ERROR_ESTIMATE_AT] ?? 0;
  const multiplier = bytes[at + ERROR_ESTIMATE_AT + 1] ?? 0;
  return {
    synchronized: (flags & SYNCHRONIZED) !== 0,
    format: (flags & PTP_FORMAT) === 0 ? "ntp" : "ptp",
    errorSeconds: multiplier === 0 ? null : multiplier * 2 ** ((flags & 0x3f) - 32),
  };
}

/**
 * Reads the timestamp at `at + offset` of the packet at `at`, in the format that its error estimate names, as ms since
 * the Unix epoch. A truncated PTP timestamp (RFC 8186, IEEE 1588) has 32 bits of seconds since 1970 and 32 bits of
 * nanoseconds. It is returned as it is: PTP clocks usually run on TAI, which is 37 s ahead of UTC since 2017.
 */
export function readOwnTimestamp(bytes: Uint8Array, at: number, offset: number): number {
  if (((bytes[at + ERROR_ESTIMATE_AT] ?? 0) & PTP_FORMAT) === 0) return readTimestamp(bytes, at + offset);
  return readUint32(bytes, at + offset) * 1000 + readUint32(bytes, at + offset + 4) / 1e6;
}

/**
 * Whether the `length` octets from `at` on are a session sender's test packet: 44 or more, an error-estimate
 * multiplier that is not zero (RFC 8762 section 4.2.1), and zeros in octets 16 to 43.
 */
export function isTestPacket(bytes: Uint8Array, at = 0, length = bytes.length - at): boolean {
  if (length < STAMP_LENGTH || bytes[at + 13] === 0) return false;
  for (let i = at + 16; i < at + STAMP_LENGTH; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Largest difference of T2 and T3 in a packet recognised as a reflector packet, s: the longest delay fault and a margin. */
const ANSWER_SPAN_SECONDS = 64;

/**
 * Whether 44 octets or more are a reflector packet and not a test packet with arbitrary padding: T2 is present and close
 * to T3, and octets 38 and 39 are zero. Random octets match with a probability of about 10^-12.
 */
export function isAnswer(bytes: Uint8Array): boolean {
  const sent = readUint32(bytes, 4);
  const isNear = (seconds: number) => Math.abs((seconds - sent) | 0) <= ANSWER_SPAN_SECONDS;
  const received = readUint32(bytes, 16);
  return received !== 0 && isNear(received) && bytes[38] === 0 && bytes[39] === 0;
}

/** The sequence number of the test or reflector packet at `at`. */
export function sequenceOf(bytes: Uint8Array, at = 0): number {
  return readUint32(bytes, at);
}

/** The session id (RFC 8972) of the test or reflector packet at `at`; 0 without one. */
export function ssidOf(bytes: Uint8Array, at = 0): number {
  return readUint16(bytes, at + 14);
}

/** The sequence number of the test packet to which the reflector packet at `at` responds. */
export function senderSequenceOf(bytes: Uint8Array, at = 0): number {
  return readUint32(bytes, at + 24);
}

/** Writes a session sender's test packet over the 44 octets from `at`; the padding after them does not change. */
export function writeTestPacket(bytes: Uint8Array, fields: SenderFields, at = 0): void {
  writeUint32(bytes, at, fields.sequence);
  writeTimestamp(bytes, at + 4, fields.sentAt);
  writeUint16(bytes, at + 12, UNSYNCHRONIZED_MILLISECOND);
  writeUint16(bytes, at + 14, fields.ssid);
  clear(bytes, at + 16, at + STAMP_LENGTH);
}

/**
 * Turns the test packet at `at` into the reflector packet in place (RFC 8762 section 4.3.1). Length, session id and
 * padding do not change; the sender's fields move to octets 24 to 37. The sender's TTL is written as 0, because the runtime
 * does not report it.
 */
export function writeAnswer(bytes: Uint8Array, fields: ReflectorFields, at = 0): void {
  bytes.copyWithin(at + 24, at, at + 14);
  writeUint32(bytes, at, fields.sequence);
  writeTimestamp(bytes, at + 4, fields.sentAt);
  writeUint16(bytes, at + 12, UNSYNCHRONIZED_MILLISECOND);
  writeTimestamp(bytes, at + 16, fields.receivedAt);
  clear(bytes, at + 38, at + STAMP_LENGTH);
}
