/** HTTP/1's words and numbers read from octets, without making strings of them. */

const ZERO = 48;

/** What every status line begins with; the digit behind it is the minor version. */
export const VERSION = Buffer.from("HTTP/1.");

/** The field names that a load run looks at, in small letters. */
export const FIELDS = {
  contentLength: Buffer.from("content-length"),
  transferEncoding: Buffer.from("transfer-encoding"),
  connection: Buffer.from("connection"),
  serverTiming: Buffer.from("server-timing"),
  wirelabFate: Buffer.from("x-wirelab-fate"),
} as const;

const ALL_FIELDS: readonly Uint8Array[] = Object.values(FIELDS);

/** The number that the octets from `from` to `to` write in decimal; NaN where they write none. */
export function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = to > from ? 0 : Number.NaN;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** Whether the octets from `from` to `to` are the beginning of a status line. */
export function beginsStatusLine(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, from + VERSION.length);
  for (let at = from; at < end; at++) if (bytes[at] !== VERSION[at - from]) return false;
  return true;
}

/** Which of the fields the name of `length` octets at `at` is, in whatever case; undefined for any other. */
export function fieldAt(bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
  return ALL_FIELDS.find((name) => name.length === length && isNamed(bytes, at, name));
}

/** Letters differ from capitals by the bit 0x20; the other characters of these names have it set. */
function isNamed(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    if (((bytes[at + index] ?? 0) | 0x20) !== name[index]) return false;
  }
  return true;
}
