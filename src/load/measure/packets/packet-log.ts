/**
 * The rows of `--packets`: one for each packet, when its fate is final, and one for each answer or error that belongs to no
 * packet. Packets stay in the rings of the accounting until their rows are drained; other events wait in a ring of
 * fixed size. What is overwritten before it was drained is left out and counted, so that the log never holds up a run.
 */
import type { Clock } from "../../../base/clock.ts";
import { type NotesLog, PacketNotes } from "./packet-notes.ts";
import { DROPPED, type Event, type EventFields, FATES, newRow, type PacketRow } from "./packet-row.ts";
import type { SentPackets } from "./sent-packets.ts";

/** Receives the rows of a log. */
export interface PacketSink {
  /** Adds a row, which is reused after the call; returns whether it could be added. */
  add(row: PacketRow): boolean;
  /** Writes the rows that were added. */
  flush(): void;
  /** Rows that were added but could not be written. */
  readonly unwritten: number;
}

/** Events that are kept until they are drained. */
const EVENTS = 2 ** 14;
/** Closed sessions that are kept until they are drained. */
const MAX_CLOSED = 64;

/** The numbers of an event, in the order in which the ring stores them. */
const STORED = [
  "session",
  "sequence",
  "intendedAt",
  "receivedAt",
  "reflected",
  "t2",
  "t3",
  "octetsReceived",
  "status",
  "count",
] as const;
/** The stored numbers, the indices of fate and error, and the direction of a drop. */
const STRIDE = STORED.length + 3;

/** The log of one run. */
export class PacketLog implements NotesLog {
  /** Monotonic time from which the times of rows count, ms. */
  startedAt: number;
  readonly #clock: Clock;
  readonly #senderTime: (now: number) => number;
  readonly #open = new Set<PacketNotes>();
  readonly #closed: PacketNotes[] = [];
  readonly #events = new Float64Array(EVENTS * STRIDE);
  readonly #errors: string[] = [""];
  readonly #row = newRow();
  #firstEvent = 0;
  #nextEvent = 0;
  #sessions = 0;
  #arrivals = 0;
  #rows = 0;
  #omitted = 0;

  /** @param senderTime the sender's time at a monotonic time, ms since the Unix epoch */
  constructor(clock: Clock, senderTime: (now: number) => number) {
    this.#clock = clock;
    this.#senderTime = senderTime;
    this.startedAt = clock.now();
  }

  /** Rows that were passed on. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows that were left out because they were not drained in time, or could not be added. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Starts the log of a session whose packets are in this ring. */
  open(packets: SentPackets): PacketNotes {
    const notes = new PacketNotes(this, packets);
    this.#open.add(notes);
    return notes;
  }

  /** The session sends no more packets, and the fates of all its packets are final. */
  close(notes: PacketNotes): void {
    this.#open.delete(notes);
    if (notes.backlog === 0) return;
    this.#closed.push(notes);
    if (this.#closed.length > MAX_CLOSED) this.#omitted += this.#closed.shift()?.backlog ?? 0;
  }

  /** The number of a session, in the order of the first rows. */
  nextSession(): number {
    return this.#sessions++;
  }

  /** The number of an answer, in the order of arrival. */
  nextArrival(): number {
    return ++this.#arrivals;
  }

  /** Counts the row of a packet that was overwritten before it was drained. */
  omit(): void {
    this.#omitted++;
  }

  /** The index of an error code, 0 for none. The recorder limits how many there are. */
  errorIndex(code: string | undefined): number {
    if (code === undefined) return 0;
    const known = this.#errors.indexOf(code);
    return known >= 0 ? known : this.#errors.push(code) - 1;
  }

  /** The error code of an index; "" for none. */
  errorAt(index: number): string {
    return this.#errors[index] ?? "";
  }

  /** The sender's time at a monotonic time, ms since the Unix epoch. */
  senderTime(now: number): number {
    return this.#senderTime(now);
  }

  /** Adds an event, which happens now unless it has a time. */
  add(fate: Event, fields: EventFields): void {
    if (this.#nextEvent - this.#firstEvent === EVENTS) {
      this.#omitted++;
      return;
    }
    const events = this.#events;
    const at = (this.#nextEvent++ % EVENTS) * STRIDE;
    for (let index = 0; index < STORED.length; index++) {
      const name = STORED[index];
      events[at + index] = name === undefined ? Number.NaN : (fields[name] ?? Number.NaN);
    }
    if (fields.receivedAt === undefined) events[at + STORED.indexOf("receivedAt")] = this.#clock.now();
    if (fields.count === undefined) events[at + STORED.indexOf("count")] = 1;
    events[at + STRIDE - 3] = FATES.indexOf(fate);
    events[at + STRIDE - 2] = this.errorIndex(fields.error === "" ? undefined : fields.error);
    events[at + STRIDE - 1] = DROPPED.indexOf(fields.dropped ?? "");
  }

  /** Passes at most `limit` rows to the sink; returns how many were there. */
  drain(limit: number, sink: PacketSink): number {
    let drained = 0;
    for (let first = this.#closed[0]; first !== undefined && drained < limit; first = this.#closed[0]) {
      drained += first.drain(limit - drained, this.#row, (row) => this.#pass(row, sink));
      if (first.backlog === 0) this.#closed.shift();
    }
    for (const notes of this.#open) {
      if (drained >= limit) break;
      drained += notes.drain(limit - drained, this.#row, (row) => this.#pass(row, sink));
    }
    for (; drained < limit && this.#firstEvent < this.#nextEvent; drained++) {
      this.#readEvent((this.#firstEvent++ % EVENTS) * STRIDE);
      this.#pass(this.#row, sink);
    }
    return drained;
  }

  #readEvent(at: number): void {
    const row = Object.assign(this.#row, newRow());
    for (let index = 0; index < STORED.length; index++) {
      const name = STORED[index];
      if (name !== undefined) row[name] = this.#events[at + index] ?? Number.NaN;
    }
    row.fate = FATES[this.#events[at + STRIDE - 3] ?? 0] ?? "error";
    row.error = this.errorAt(this.#events[at + STRIDE - 2] ?? 0);
    row.dropped = DROPPED[this.#events[at + STRIDE - 1] ?? 0] ?? "";
    row.receivedAt -= this.startedAt;
    row.intendedAt -= this.startedAt;
  }

  #pass(row: PacketRow, sink: PacketSink): void {
    if (sink.add(row)) this.#rows++;
    else this.#omitted++;
  }

  /**
   * Ends the log after its last drain: rows of packets without a final fate are left out. Adds a row with the number of
   * rows that were left out, if there are any.
   */
  end(sink: PacketSink): void {
    for (const notes of this.#open) this.#omitted += notes.unfinished;
    if (this.#omitted > 0) sink.add(Object.assign(this.#row, newRow(), { fate: "omitted", count: this.#omitted }));
    sink.flush();
  }
}
