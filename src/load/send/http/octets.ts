/** Parts of HTTP/1 messages read from octets, without conversion to strings. */

const ZERO = 48;

/** The start of every status line; the next octet is the minor version. */
export const VERSION = Buffer.from("HTTP/1.");

/** The names of the header fields that a load run evaluates, in lower case. */
export const FIELDS = {
  contentLength: Buffer.from("content-length"),
  transferEncoding: Buffer.from("transfer-encoding"),
  connection: Buffer.from("connection"),
  serverTiming: Buffer.from("server-timing"),
  wirelabFate: Buffer.from("x-wirelab-fate"),
} as const;

const ALL_FIELDS: readonly Uint8Array[] = Object.values(FIELDS);

/** The decimal number in the octets from `from` to `to`; NaN if they are not all digits or there are none. */
export function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = to > from ? 0 : Number.NaN;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** Whether the octets from `from` to `to` can be the start of a status line. */
export function beginsStatusLine(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, from + VERSION.length);
  for (let at = from; at < end; at++) if (bytes[at] !== VERSION[at - from]) return false;
  return true;
}

/** The one of `FIELDS` that the name of `length` octets at `at` is, in upper or lower case; undefined for other names. */
export function fieldAt(bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
  return ALL_FIELDS.find((name) => name.length === length && isNamed(bytes, at, name));
}

/** Upper and lower case differ in the bit 0x20, which all other characters of these names have. */
function isNamed(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    if (((bytes[at + index] ?? 0) | 0x20) !== name[index]) return false;
  }
  return true;
}
