/** The rows of `--packets` as CSV (RFC 4180) or as NDJSON, written into a buffer that is reused. */
import type { Protocol } from "../../base/protocol.ts";
import type { PacketSink } from "../measure/packet-log.ts";
import type { PacketRow } from "../measure/packet-row.ts";

/** How the value of a column is written: a time in s with 9 decimals, a whole number, hexadecimal, or text. */
type Kind = "time" | "whole" | "hex" | "text";

/** A column of the file. */
export interface PacketColumn {
  readonly name: string;
  readonly kind: Kind;
  readonly help: string;
}

/** The columns after `protocol`, with what they show of a row. */
const COLUMNS: readonly (PacketColumn & { readonly read: (row: PacketRow) => string | number })[] = [
  {
    name: "session",
    kind: "whole",
    read: (row) => row.session,
    help: "session or connection, counted from 0 in the order of the first rows",
  },
  {
    name: "sequence",
    kind: "whole",
    read: (row) => row.sequence,
    help: "number of the packet in its session, by order of sending",
  },
  {
    name: "fate",
    kind: "text",
    read: (row) => row.fate,
    help: "what became of the packet, or what a row without a packet stands for",
  },
  {
    name: "intended",
    kind: "time",
    read: (row) => row.intendedAt,
    help: "intended send time, from the start of the run",
  },
  { name: "sent", kind: "time", read: (row) => row.sentAt, help: "actual send time, from the start of the run" },
  { name: "wall", kind: "time", read: (row) => row.wallSentAt, help: "actual send time by the wall clock, since 1970" },
  { name: "schedule_error", kind: "time", read: (row) => row.scheduleError, help: "by how much the sender was late" },
  {
    name: "received",
    kind: "time",
    read: (row) => row.receivedAt,
    help: "when the first answer was read, or when the outcome was known",
  },
  {
    name: "arrival",
    kind: "whole",
    read: (row) => row.arrival,
    help: "number of the first answer, by order of arrival",
  },
  {
    name: "order",
    kind: "whole",
    read: (row) => row.order,
    help: "number of the packet, by the order in which the fates became final",
  },
  {
    name: "reflector_sequence",
    kind: "whole",
    read: (row) => row.reflected,
    help: "the reflector's own sequence number",
  },
  { name: "t1", kind: "time", read: (row) => row.t1, help: "send time by the run's clock, since 1970 (RFC 8762)" },
  { name: "t2", kind: "time", read: (row) => row.t2, help: "when the reflector received the packet" },
  { name: "t3", kind: "time", read: (row) => row.t3, help: "when the reflector sent the answer" },
  { name: "t4", kind: "time", read: (row) => row.t4, help: "when the answer was read, by the run's clock" },
  {
    name: "error_estimate",
    kind: "hex",
    read: (row) => row.estimate,
    help: "the reflector's error estimate, two octets",
  },
  { name: "server", kind: "time", read: (row) => row.server, help: "processing time by Server-Timing" },
  { name: "octets_sent", kind: "whole", read: (row) => row.octetsSent, help: "octets passed to the kernel" },
  { name: "octets_received", kind: "whole", read: (row) => row.octetsReceived, help: "octets of the answer" },
  { name: "status", kind: "whole", read: (row) => row.status, help: "HTTP status" },
  {
    name: "dropped",
    kind: "text",
    read: (row) => row.dropped,
    help: "up or down: the target reported that it dropped the packet",
  },
  { name: "error", kind: "text", read: (row) => row.error, help: "error code" },
  { name: "count", kind: "whole", read: (row) => row.count, help: "packets or events that the row stands for" },
];

/** Every column, in order. */
export const PACKET_COLUMNS: readonly PacketColumn[] = [
  { name: "protocol", kind: "text", help: "protocol of the run" },
  ...COLUMNS.map(({ name, kind, help }) => ({ name, kind, help })),
];

/** The header row of the CSV form. */
export const PACKETS_HEADER = `${PACKET_COLUMNS.map(({ name }) => name).join(",")}\n`;

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

/** The functions below write into `bytes` from `at` on, and return the end of what they wrote. */

/** Text of any characters; those that occur are nearly all ASCII. */
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
    this.#prefixes = COLUMNS.map(({ name }) => (this.#isJson ? `,"${name}":` : ","));
  }

  get unwritten(): number {
    return this.#unwritten;
  }

  add(row: PacketRow): boolean {
    if (this.#isBroken) return false;
    const bytes = this.#bytes;
    let at = putText(bytes, this.#at, this.#start);
    for (let index = 0; index < COLUMNS.length; index++) {
      const column = COLUMNS[index];
      if (column !== undefined) at = this.#field(at, column.read(row), column.kind, this.#prefixes[index] ?? "");
    }
    this.#at = putText(bytes, at, this.#isJson ? "}\n" : "\n");
    this.#rows++;
    if (this.#at > FLUSH_AT) this.flush();
    return true;
  }

  #field(from: number, value: string | number, kind: Kind, prefix: string): number {
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
