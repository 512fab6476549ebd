/** The rows of `--packets` as CSV (RFC 4180) or as NDJSON, written into a buffer that is reused. */
import type { Protocol } from "../../../base/protocol.ts";
import type { PacketSink } from "../../measure/packets/packet-log.ts";
import type { PacketRow } from "../../measure/packets/packet-row.ts";
import { type ColumnKind, ROW_COLUMNS } from "./packet-columns.ts";

/** The forms of the file. */
export type PacketForm = "csv" | "ndjson";

/** The form by the name of the file: NDJSON for .ndjson and .jsonl. */
export function packetFormOf(path: string): PacketForm {
  return /\.(ndjson|jsonl)$/i.test(path) ? "ndjson" : "csv";
}

/** Rows are written when this many octets are in the buffer. */
const FLUSH_AT = 48 * 1024;
const BUFFER = 64 * 1024;
/** Longest error code. */
const LONGEST = 200;
const ZERO = 48;
const POINT = 46;
const MINUS = 45;
const QUESTION_MARK = 63;
const MOST_32 = 2 ** 31 - 1;

/**
 * Writes text of any characters into `bytes` from `at` on; those that occur are nearly all ASCII. Returns the end of what
 * it wrote, as the functions below do.
 */
function putText(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes[at + index] = unit < 127 ? unit : QUESTION_MARK;
  }
  return at + text.length;
}

/** The last `length` digits of a whole number below 2^31, in 32-bit arithmetic. */
function putDigits(bytes: Uint8Array, at: number, value: number, length: number): number {
  let rest = value | 0;
  for (let place = at + length - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    bytes[place] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + length;
}

/** A whole number from 0. */
function putWhole(bytes: Uint8Array, at: number, value: number): number {
  if (value > MOST_32) return putText(bytes, at, String(value));
  let length = 1;
  for (let limit = 10; length < 10 && value >= limit; limit *= 10) length++;
  return putDigits(bytes, at, value, length);
}

/** A time of `ms` milliseconds in s, rounded to ns. */
function putSeconds(bytes: Uint8Array, from: number, ms: number): number {
  let at = from;
  if (ms < 0) bytes[at++] = MINUS;
  const size = Math.abs(ms);
  let seconds = Math.floor(size / 1000);
  let nanoseconds = Math.round((size - seconds * 1000) * 1e6);
  if (nanoseconds >= 1e9) {
    seconds++;
    nanoseconds -= 1e9;
  }
  at = putWhole(bytes, at, seconds);
  bytes[at++] = POINT;
  return putDigits(bytes, at, nanoseconds, 9);
}

/** Writes the rows of one run. */
export class PacketText implements PacketSink {
  readonly #write: (text: string) => boolean;
  readonly #start: string;
  /** What is written before the value of each column. */
  readonly #prefixes: readonly string[];
  readonly #isJson: boolean;
  readonly #bytes = Buffer.alloc(BUFFER);
  #at = 0;
  #rows = 0;
  #unwritten = 0;
  #isBroken = false;

  /** @param write appends text to the file; returns whether it could */
  constructor(protocol: Protocol, form: PacketForm, write: (text: string) => boolean) {
    this.#write = write;
    this.#isJson = form === "ndjson";
    this.#start = this.#isJson ? `{"protocol":"${protocol}"` : protocol;
    this.#prefixes = ROW_COLUMNS.map(({ name }) => (this.#isJson ? `,"${name}":` : ","));
  }

  get unwritten(): number {
    return this.#unwritten;
  }

  add(row: PacketRow): boolean {
    if (this.#isBroken) return false;
    const bytes = this.#bytes;
    let at = putText(bytes, this.#at, this.#start);
    for (let index = 0; index < ROW_COLUMNS.length; index++) {
      const column = ROW_COLUMNS[index];
      if (column !== undefined) at = this.#field(at, column.read(row), column.kind, this.#prefixes[index] ?? "");
    }
    this.#at = putText(bytes, at, this.#isJson ? "}\n" : "\n");
    this.#rows++;
    if (this.#at > FLUSH_AT) this.flush();
    return true;
  }

  #field(from: number, value: string | number, kind: ColumnKind, prefix: string): number {
    const bytes = this.#bytes;
    const isEmpty = value === "" || Number.isNaN(value);
    if (isEmpty && this.#isJson) return from;
    const at = putText(bytes, from, prefix);
    if (isEmpty) return at;
    if (typeof value === "string") return putText(bytes, at, this.#quoted(value));
    if (kind === "time") return putSeconds(bytes, at, value);
    if (kind === "whole") return putWhole(bytes, at, value);
    return putText(bytes, at, this.#quoted(value.toString(16).padStart(4, "0")));
  }

  /** A word in CSV, a string in JSON. Error codes are cut, so that a row fits into the buffer. */
  #quoted(text: string): string {
    const short = text.length > LONGEST ? text.slice(0, LONGEST) : text;
    if (this.#isJson) return JSON.stringify(short);
    return /[",\r\n]/.test(short) ? `"${short.replaceAll('"', '""')}"` : short;
  }

  flush(): void {
    if (this.#at === 0) return;
    if (!this.#isBroken && !this.#write(this.#bytes.toString("latin1", 0, this.#at))) this.#isBroken = true;
    if (this.#isBroken) this.#unwritten += this.#rows;
    this.#at = 0;
    this.#rows = 0;
  }
}
