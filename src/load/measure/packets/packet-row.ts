/** A row of `--packets`, before it is text. */

/**
 * What became of a packet, or what a row without a packet stands for. `unsent`: no free connection within the timeout;
 * `unreached`: not sent by the end of the run. The rows from `duplicate` on are no packets: a further answer; an intact
 * answer to a packet that is not known, or no longer; an answer too damaged to identify its packet; octets that belong to
 * an earlier session or to a packet whose fate is final; an error; rows that were left out.
 */
export const FATES = [
  "answered",
  "late",
  "lost",
  "failed",
  "corrupt",
  "refused",
  "unsent",
  "unreached",
  "duplicate",
  "unknown-answer",
  "unidentified",
  "ignored",
  "error",
  "omitted",
] as const;

/** A fate's name. */
export type Fate = (typeof FATES)[number];

/** Where the target dropped a packet, as it reported; "" if it did not. */
export const DROPPED = ["", "up", "down"] as const;

/** One row. NaN is an empty cell. Times are in ms, from the start of the run unless they say otherwise. */
export interface PacketRow {
  fate: Fate;
  session: number;
  sequence: number;
  intendedAt: number;
  sentAt: number;
  /** Ms since the Unix epoch, as are t1 to t4. */
  wallSentAt: number;
  scheduleError: number;
  receivedAt: number;
  arrival: number;
  order: number;
  reflected: number;
  t1: number;
  t2: number;
  t3: number;
  t4: number;
  /** The two octets of the reflector's error estimate. */
  estimate: number;
  /** Processing time that the target reported, ms. */
  server: number;
  octetsSent: number;
  octetsReceived: number;
  status: number;
  dropped: (typeof DROPPED)[number];
  error: string;
  count: number;
}

/** The fates of rows that stand for no packet, or for packets that were never in the accounting. */
export type Event = Extract<
  Fate,
  "duplicate" | "unknown-answer" | "unidentified" | "ignored" | "error" | "unsent" | "unreached"
>;

/** What is known about an event; all times are in ms. */
export type EventFields = Partial<
  Pick<
    PacketRow,
    | "session"
    | "sequence"
    | "intendedAt"
    | "receivedAt"
    | "reflected"
    | "t2"
    | "t3"
    | "octetsReceived"
    | "status"
    | "dropped"
    | "error"
    | "count"
  >
>;

/** A row with empty cells. */
export function newRow(): PacketRow {
  return {
    fate: "lost",
    session: Number.NaN,
    sequence: Number.NaN,
    intendedAt: Number.NaN,
    sentAt: Number.NaN,
    wallSentAt: Number.NaN,
    scheduleError: Number.NaN,
    receivedAt: Number.NaN,
    arrival: Number.NaN,
    order: Number.NaN,
    reflected: Number.NaN,
    t1: Number.NaN,
    t2: Number.NaN,
    t3: Number.NaN,
    t4: Number.NaN,
    estimate: Number.NaN,
    server: Number.NaN,
    octetsSent: Number.NaN,
    octetsReceived: Number.NaN,
    status: Number.NaN,
    dropped: "",
    error: "",
    count: 1,
  };
}
