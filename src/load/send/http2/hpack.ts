/**
 * Header blocks of HTTP/2 (RFC 7541). Requests use the static table and literals that are not indexed. Responses are read
 * as far as a load run needs them; this end announces a dynamic table of size 0, so that they refer to none.
 */
import { durationOf, fateOf, type ResponseFields } from "../http/fields.ts";
import { ProtocolError } from "../http/head.ts";
import { decodeHuffman, encodeHuffman } from "./huffman.ts";
import { KnownDurations } from "./known-durations.ts";

/** A header field, its name in lower case. */
export type Field = readonly [name: string, value: string];

/** The entries of the static table (RFC 7541 appendix A) that requests use, with a value. */
const STATIC_FIELDS: Readonly<Record<string, number>> = {
  ":method GET": 2,
  ":method POST": 3,
  ":path /": 4,
  ":scheme https": 7,
};
/** The entries whose names requests use. */
const STATIC_NAMES: Readonly<Record<string, number>> = {
  ":authority": 1,
  ":method": 2,
  ":path": 4,
  accept: 19,
  authorization: 23,
  "content-length": 28,
  "content-type": 31,
  cookie: 32,
  "user-agent": 58,
};
const STATIC_ENTRIES = 61;
/** The entries 8 to 14 are `:status` with these values. */
const STATUSES = [200, 204, 206, 304, 400, 404, 500];
const FIRST_STATUS = 8;
const LAST_STATUS = 14;

const INDEXED = 0x80;
const INCREMENTAL = 0x40;
const SIZE_UPDATE = 0x20;
const HUFFMAN = 0x80;
/** Most octets after the prefix of an integer: enough for 2^28. */
const MAX_CONTINUATION = 4;

/** An integer with a prefix of `bits` bits (section 5.1), whose other bits are `flags`. */
function integer(value: number, bits: number, flags: number): number[] {
  const most = 2 ** bits - 1;
  if (value < most) return [flags | value];
  const octets = [flags | most];
  let rest = value - most;
  for (; rest >= 128; rest >>>= 7) octets.push((rest & 127) | 128);
  return [...octets, rest];
}

function text(value: string): Buffer {
  const octets = Buffer.from(value, "latin1");
  return Buffer.concat([Buffer.from(integer(octets.length, 7, 0)), octets]);
}

/** The header block of these fields. */
export function encodeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => {
      const indexed = STATIC_FIELDS[`${name} ${value}`];
      if (indexed !== undefined) return [Buffer.from([INDEXED | indexed])];
      const nameIndex = STATIC_NAMES[name];
      const start = nameIndex === undefined ? [Buffer.from([0]), text(name)] : [Buffer.from(integer(nameIndex, 4, 0))];
      return [...start, text(value)];
    }),
  );
}

/** A name as it can be in a response: its octets, or these in the Huffman code. */
class Name {
  readonly #plain: Buffer;
  readonly #coded: Buffer;

  constructor(name: string) {
    this.#plain = Buffer.from(name);
    this.#coded = encodeHuffman(name);
  }

  /** Whether the string of `length` octets at `at` is this name. */
  is(bytes: Uint8Array, at: number, length: number, isCoded: boolean): boolean {
    const name = isCoded ? this.#coded : this.#plain;
    if (name.length !== length) return false;
    for (let index = 0; index < length; index++) if (bytes[at + index] !== name[index]) return false;
    return true;
  }
}

const FATE = new Name("x-wirelab-fate");
const TIMING = new Name("server-timing");
const STATUS = new Name(":status");

/** Reads the header blocks of responses. */
export class BlockReader {
  #bytes: Uint8Array = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  // The string read last.
  #stringAt = 0;
  #stringLength = 0;
  #isCoded = false;
  readonly #durations = new KnownDurations();
  readonly #parseDuration = () => durationOf(this.#string());

  /** Reads the block from `at` to `end` into `fields`. Throws a ProtocolError if it is malformed. */
  read(bytes: Uint8Array, at: number, end: number, fields: ResponseFields): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    let isFirst = true;
    while (this.#at < end) {
      const octet = this.#bytes[this.#at] ?? 0;
      if ((octet & INDEXED) !== 0) this.#readIndexed(fields);
      else if ((octet & INCREMENTAL) !== 0) this.#readLiteral(6, fields);
      else if ((octet & SIZE_UPDATE) !== 0) this.#readSizeUpdate(isFirst);
      else this.#readLiteral(4, fields);
      isFirst &&= (octet & 0xe0) === SIZE_UPDATE;
    }
  }

  #readSizeUpdate(isFirst: boolean): void {
    if (this.#readInteger(5) !== 0 || !isFirst) throw new ProtocolError("an update of the dynamic table's size");
  }

  #readIndexed(fields: ResponseFields): void {
    const index = this.#readInteger(7);
    if (index >= FIRST_STATUS && index <= LAST_STATUS) fields.status = STATUSES[index - FIRST_STATUS] ?? 0;
    else if (index === 0 || index > STATIC_ENTRIES) throw new ProtocolError("an index outside the static table");
  }

  #readLiteral(prefix: number, fields: ResponseFields): void {
    const index = this.#readInteger(prefix);
    if (index > STATIC_ENTRIES) throw new ProtocolError("an index outside the static table");
    const name = index === 0 ? this.#readName() : index >= FIRST_STATUS && index <= LAST_STATUS ? STATUS : undefined;
    this.#readString();
    if (name === STATUS) fields.status = this.#readStatus();
    else if (name === FATE) fields.dropped = fateOf(this.#string());
    else if (name === TIMING) fields.serverMs = this.#readDuration() ?? fields.serverMs;
  }

  #readName(): Name | undefined {
    this.#readString();
    const length = this.#stringLength;
    if (TIMING.is(this.#bytes, this.#stringAt, length, this.#isCoded)) return TIMING;
    if (FATE.is(this.#bytes, this.#stringAt, length, this.#isCoded)) return FATE;
    return STATUS.is(this.#bytes, this.#stringAt, length, this.#isCoded) ? STATUS : undefined;
  }

  #readDuration(): number | undefined {
    return this.#durations.of(this.#bytes, this.#stringAt, this.#stringLength, this.#isCoded, this.#parseDuration);
  }

  #readStatus(): number {
    const digits = this.#string();
    if (!/^[1-9]\d\d$/.test(digits)) throw new ProtocolError("a status that is not a number of three digits");
    return Number(digits);
  }

  #readString(): void {
    this.#isCoded = ((this.#bytes[this.#at] ?? 0) & HUFFMAN) !== 0;
    this.#stringLength = this.#readInteger(7);
    this.#stringAt = this.#at;
    this.#at += this.#stringLength;
    if (this.#at > this.#end) throw new ProtocolError("a string that is longer than its block");
  }

  #string(): string {
    if (this.#isCoded) return decodeHuffman(this.#bytes, this.#stringAt, this.#stringLength);
    let value = "";
    const end = this.#stringAt + this.#stringLength;
    for (let at = this.#stringAt; at < end; at++) value += String.fromCharCode(this.#bytes[at] ?? 0);
    return value;
  }

  #readInteger(bits: number): number {
    if (this.#at >= this.#end) throw new ProtocolError("a header block that is incomplete");
    const most = 2 ** bits - 1;
    let value = (this.#bytes[this.#at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; shift < 7 * MAX_CONTINUATION; shift += 7) {
      if (this.#at >= this.#end) break;
      const octet = this.#bytes[this.#at++] ?? 0;
      value += (octet & 127) * 2 ** shift;
      if ((octet & 128) === 0) return value;
    }
    throw new ProtocolError("an integer that is too long");
  }
}
