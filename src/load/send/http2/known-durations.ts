/** The values of Server-Timing that a target has sent: the same ones come many times, and decoding one takes a microsecond. */

/** Values that are kept; a further one replaces the one in its place. */
const PLACES = 512;
/** Longer values are not kept, octets. */
const MAX_LENGTH = 64;
/** The prime and the offset of the FNV-1a hash with 32 bits. */
const [PRIME, OFFSET] = [0x01000193, 0x811c9dc5] as const;

/** A value as it was sent, and the duration in it, ms; undefined if there is none. */
interface KnownDuration {
  readonly octets: Uint8Array;
  readonly isCoded: boolean;
  readonly ms: number | undefined;
}

/** A table of fixed size. */
export class KnownDurations {
  readonly #places: (KnownDuration | undefined)[] = Array.from({ length: PLACES }, () => undefined);

  /** The duration in the `length` octets at `at`; `parse` is called for a value that is not known. */
  of(
    bytes: Uint8Array,
    at: number,
    length: number,
    isCoded: boolean,
    parse: () => number | undefined,
  ): number | undefined {
    if (length > MAX_LENGTH) return parse();
    let hash: number = OFFSET;
    for (let index = at; index < at + length; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), PRIME);
    const place = (hash ^ (hash >>> 16)) & (PLACES - 1);
    const known = this.#places[place];
    if (known !== undefined && isEqual(known, bytes, at, length, isCoded)) return known.ms;
    const ms = parse();
    // A Buffer's own `slice` shares its memory, which the runtime uses again.
    this.#places[place] = { octets: Uint8Array.prototype.slice.call(bytes, at, at + length), isCoded, ms };
    return ms;
  }
}

function isEqual(
  { octets, isCoded: isKnownCoded }: KnownDuration,
  bytes: Uint8Array,
  at: number,
  length: number,
  isCoded: boolean,
): boolean {
  if (octets.length !== length || isKnownCoded !== isCoded) return false;
  for (let index = 0; index < length; index++) if (octets[index] !== bytes[at + index]) return false;
  return true;
}
