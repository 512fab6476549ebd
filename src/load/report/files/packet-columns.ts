/** The columns of the rows of `--packets`. */
import type { PacketRow } from "../../measure/packets/packet-row.ts";

/** How the value of a column is written: a time in s with 9 decimals, a whole number, hexadecimal, or text. */
export type ColumnKind = "time" | "whole" | "hex" | "text";

/** A column of the file. */
export interface PacketColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly help: string;
}

/** The columns after `protocol`, with what they show of a row. */
export const ROW_COLUMNS: readonly (PacketColumn & { readonly read: (row: PacketRow) => string | number })[] = [
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
  ...ROW_COLUMNS.map(({ name, kind, help }) => ({ name, kind, help })),
];

/** The header row of the CSV form. */
export const PACKETS_HEADER = `${PACKET_COLUMNS.map(({ name }) => name).join(",")}\n`;
