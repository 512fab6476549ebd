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

/** The columns after `protocol`, by the field of a row that they show. */
const COLUMNS = {
  session: ["session", "whole", "session or connection, counted from 0 in the order of the first rows"],
  sequence: ["sequence", "whole", "number of the packet in its session, by order of sending"],
  fate: ["fate", "text", "what became of the packet, or what a row without a packet stands for"],
  intendedAt: ["intended", "time", "intended send time, from the start of the run"],
  sentAt: ["sent", "time", "actual send time, from the start of the run"],
  wallSentAt: ["wall", "time", "actual send time by the wall clock, since 1970"],
  scheduleError: ["schedule_error", "time", "by how much the sender was late"],
  receivedAt: ["received", "time", "when the first answer was read, or when the outcome was known"],
  arrival: ["arrival", "whole", "number of the first answer, by order of arrival"],
  order: ["order", "whole", "number of the packet, by the order in which the fates became final"],
  reflected: ["reflector_sequence", "whole", "the reflector's own sequence number"],
  t1: ["t1", "time", "send time by the run's clock, since 1970 (RFC 8762)"],
  t2: ["t2", "time", "when the reflector received the packet"],
  t3: ["t3", "time", "when the reflector sent the answer"],
  t4: ["t4", "time", "when the answer was read, by the run's clock"],
  estimate: ["error_estimate", "hex", "the reflector's error estimate, two octets"],
  server: ["server", "time", "processing time by Server-Timing"],
  octetsSent: ["octets_sent", "whole", "octets passed to the kernel"],
  octetsReceived: ["octets_received", "whole", "octets of the answer"],
  status: ["status", "whole", "HTTP status"],
  dropped: ["dropped", "text", "up or down: the target reported that it dropped the packet"],
  error: ["error", "text", "error code"],
  count: ["count", "whole", "packets or events that the row stands for"],
} as const satisfies Record<keyof PacketRow, readonly [name: string, kind: Kind, help: string]>;

/** The name of a field of a row. */
type Field = keyof typeof COLUMNS;

const FIELDS = Object.keys(COLUMNS) as readonly Field[]; // a literal's own keys are its type's keys

/** Every column, in order. */
export const PACKET_COLUMNS: readonly PacketColumn[] = [
  { name: "protocol", kind: "text", help: "protocol of the run" },
  ...FIELDS.map((field) => ({ name: COLUMNS[field][0], kind: COLUMNS[field][1], help: COLUMNS[field][2] })),
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
const TENS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const ZERO = 48;

/** Writes the rows of one run. */
export class PacketText implements PacketSink {
  readonly #write: (text: string) => boolean;
  readonly #start: string;
  /** What is written before the value of each field. */
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
    this.#prefixes = FIELDS.map((field) => (this.#isJson ? `,"${COLUMNS[field][0]}":` : ","));
  }

  get unwritten(): number {
    return this.#unwritten;
  }

  add(row: PacketRow): boolean {
    if (this.#isBroken) return false;
    this.#text(this.#start);
    for (let index = 0; index < FIELDS.length; index++) {
      const field = FIELDS[index];
      if (field !== undefined) this.#field(row[field], COLUMNS[field][1], this.#prefixes[index] ?? "");
    }
    this.#text(this.#isJson ? "}\n" : "\n");
    this.#rows++;
    if (this.#at > FLUSH_AT) this.flush();
    return true;
  }

  #field(value: string | number, kind: Kind, prefix: string): void {
    const isEmpty = value === "" || Number.isNaN(value);
    if (isEmpty && this.#isJson) return;
    this.#text(prefix);
    if (isEmpty) return;
    if (typeof value === "string") this.#quoted(value);
    else if (kind === "time") this.#seconds(value);
    else if (kind === "whole") this.#digits(value);
    else this.#quoted(value.toString(16).padStart(4, "0"));
  }

  /** A word in CSV, a string in JSON. Error codes are cut, so that a row fits into the buffer. */
  #quoted(text: string): void {
    if (this.#isJson) this.#text(JSON.stringify(text.slice(0, 200)));
    else this.#text(/[",\r\n]/.test(text) ? `"${text.slice(0, 200).replaceAll('"', '""')}"` : text.slice(0, 200));
  }

  /** Text of any characters; those that occur are nearly all ASCII. */
  #text(text: string): void {
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      this.#bytes[this.#at++] = unit < 127 ? unit : 63; // "?"
    }
  }

  /** A time of `ms` milliseconds in s, rounded to ns. */
  #seconds(ms: number): void {
    if (ms < 0) this.#bytes[this.#at++] = 45; // "-"
    const size = Math.abs(ms);
    let seconds = Math.floor(size / 1000);
    let nanoseconds = Math.round((size - seconds * 1000) * 1e6);
    if (nanoseconds >= 1e9) {
      seconds++;
      nanoseconds -= 1e9;
    }
    this.#digits(seconds);
    this.#bytes[this.#at++] = 46; // "."
    for (let place = 8; place >= 0; place--) {
      const digit = Math.floor(nanoseconds / (TENS[place] ?? 1));
      nanoseconds -= digit * (TENS[place] ?? 1);
      this.#bytes[this.#at++] = ZERO + digit;
    }
  }

  /** A whole number from 0. */
  #digits(value: number): void {
    if (value >= 1e9) {
      this.#text(String(value));
      return;
    }
    let place = 0;
    while (place < 8 && value >= (TENS[place + 1] ?? 1)) place++;
    for (let rest = value; place >= 0; place--) {
      const digit = Math.floor(rest / (TENS[place] ?? 1));
      rest -= digit * (TENS[place] ?? 1);
      this.#bytes[this.#at++] = ZERO + digit;
    }
  }

  flush(): void {
    if (this.#at === 0) return;
    if (!this.#isBroken && !this.#write(this.#bytes.toString("latin1", 0, this.#at))) this.#isBroken = true;
    if (this.#isBroken) this.#unwritten += this.#rows;
    this.#at = 0;
    this.#rows = 0;
  }
}
