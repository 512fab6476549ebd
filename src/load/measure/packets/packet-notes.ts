/** What the rows of one session's packets need beyond its accounting, in a ring of the same slots. */
import type { Reception } from "../counts.ts";
import { DROPPED, type Event, type EventFields, FATES, type Fate, type PacketRow } from "./packet-row.ts";
import type { SentPackets } from "./sent-packets.ts";

const LOST = FATES.indexOf("lost");

/** The log of the run, as the notes of its sessions use it. */
export interface NotesLog {
  /** Monotonic time from which the times of rows count, ms. */
  readonly startedAt: number;
  nextSession(): number;
  nextArrival(): number;
  /** A row was overwritten before it was drained. */
  omit(): void;
  errorIndex(code: string | undefined): number;
  errorAt(index: number): string;
  senderTime(now: number): number;
  add(fate: Event, fields: EventFields): void;
}

/** The fields of an answer that has a reflector's timestamps. */
export interface ReflectedFields {
  readonly reflected: number;
  readonly receivedAt: number;
  readonly reflectedAt: number;
  /** The two octets of the error estimate. */
  readonly estimateBits: number;
}

/** What the connection of a packet reports beside its fate. */
export interface OutcomeFields {
  readonly octets: number;
  readonly status?: number | undefined;
  readonly serverMs?: number | undefined;
  readonly direction?: "up" | "down" | undefined;
  /** The code under which the recorder counts the error. */
  readonly error?: string | undefined;
}

/** The notes of one session. All are about packets that the ring still holds. */
export class PacketNotes {
  readonly #log: NotesLog;
  readonly #packets: SentPackets;
  readonly #mask: number;
  readonly #fate: Uint8Array;
  readonly #scheduleError: Float64Array;
  readonly #receivedAt: Float64Array;
  /** Counted from 1; 0 without an answer. */
  readonly #arrival: Uint32Array;
  readonly #order: Uint32Array;
  /** This and the estimate are of packets that have a T2. */
  readonly #reflected: Uint32Array;
  readonly #t2: Float64Array;
  readonly #t3: Float64Array;
  readonly #estimate: Uint16Array;
  readonly #server: Float64Array;
  readonly #octetsSent: Uint32Array;
  readonly #octetsReceived: Uint32Array;
  readonly #status: Uint16Array;
  readonly #dropped: Uint8Array;
  readonly #error: Uint8Array;
  #session: number | undefined;
  /** All packets before this one are drained or left out. */
  #drained: number;
  /** The fates of all packets before this one are final. */
  #finalBefore: number;

  constructor(log: NotesLog, packets: SentPackets) {
    const { slots, first } = packets;
    const numbers = () => new Float64Array(slots).fill(Number.NaN);
    this.#log = log;
    this.#packets = packets;
    this.#mask = slots - 1;
    this.#fate = new Uint8Array(slots).fill(LOST);
    this.#scheduleError = numbers();
    this.#receivedAt = numbers();
    this.#arrival = new Uint32Array(slots).fill(0);
    this.#order = new Uint32Array(slots).fill(0);
    this.#reflected = new Uint32Array(slots).fill(0);
    this.#t2 = numbers();
    this.#t3 = numbers();
    this.#estimate = new Uint16Array(slots).fill(0);
    this.#server = numbers();
    this.#octetsSent = new Uint32Array(slots).fill(0);
    this.#octetsReceived = new Uint32Array(slots).fill(0);
    this.#status = new Uint16Array(slots).fill(0);
    this.#dropped = new Uint8Array(slots).fill(0);
    this.#error = new Uint8Array(slots).fill(0);
    this.#drained = first;
    this.#finalBefore = first;
  }

  /** The number of the session, in the order of the first rows. */
  get session(): number {
    this.#session ??= this.#log.nextSession();
    return this.#session;
  }

  /** Packets with a final fate whose rows are not drained. */
  get backlog(): number {
    return this.#finalBefore - this.#drained;
  }

  /** Packets whose rows are not drained. */
  get unfinished(): number {
    return this.#packets.next - this.#drained;
  }

  /** Makes the slot of the packet `sequence`, which is about to be added, empty. */
  clear(sequence: number): void {
    if (this.#drained <= sequence - this.#packets.slots) {
      this.#drained++;
      this.#log.omit();
    }
    const slot = sequence & this.#mask;
    this.#fate[slot] = LOST;
    this.#scheduleError[slot] = Number.NaN;
    this.#receivedAt[slot] = Number.NaN;
    this.#arrival[slot] = 0;
    this.#order[slot] = 0;
    this.#t2[slot] = Number.NaN;
    this.#t3[slot] = Number.NaN;
    this.#server[slot] = Number.NaN;
    this.#octetsSent[slot] = 0;
    this.#octetsReceived[slot] = 0;
    this.#status[slot] = 0;
    this.#dropped[slot] = 0;
    this.#error[slot] = 0;
  }

  /** The schedule error of a packet, ms; NaN without a schedule. */
  noteScheduleError(sequence: number, ms: number): void {
    this.#scheduleError[sequence & this.#mask] = ms;
  }

  /** A packet was written: `octets` of it are sent. */
  noteSent(sequence: number, octets: number): void {
    this.#octetsSent[sequence & this.#mask] = octets;
  }

  /** A packet was answered at `now` (monotonic ms), within its timeout or late. */
  noteArrival(sequence: number, fate: Fate, now: number): void {
    const slot = sequence & this.#mask;
    this.#fate[slot] = FATES.indexOf(fate);
    this.#receivedAt[slot] = now;
    this.#arrival[slot] = this.#log.nextArrival();
  }

  /** A packet has a fate other than an answer. */
  noteFate(sequence: number, fate: Fate): void {
    this.#fate[sequence & this.#mask] = FATES.indexOf(fate);
  }

  /** The fate of the packet is final, as those of the packets before it: it is the `order`-th packet whose fate is. */
  noteFinal(sequence: number, order: number): void {
    this.#order[sequence & this.#mask] = order;
    this.#finalBefore = sequence + 1;
  }

  /** An intact answer of `octets` octets to the packet `sequence` was counted. */
  noteAnswer(reception: Reception, sequence: number, now: number, octets: number, fields?: ReflectedFields): void {
    if (reception === "answered" || reception === "late") {
      const slot = sequence & this.#mask;
      this.#octetsReceived[slot] = octets;
      this.#reflected[slot] = fields?.reflected ?? 0;
      this.#t2[slot] = fields?.receivedAt ?? Number.NaN;
      this.#t3[slot] = fields?.reflectedAt ?? Number.NaN;
      this.#estimate[slot] = fields?.estimateBits ?? 0;
      return;
    }
    this.#log.add(reception === "duplicate" ? "duplicate" : "unknown-answer", {
      session: this.session,
      sequence,
      receivedAt: now,
      octetsReceived: octets,
      ...(fields !== undefined && { reflected: fields.reflected, t2: fields.receivedAt, t3: fields.reflectedAt }),
    });
  }

  /** An answer that is no intact answer to a packet: octets that are counted, and what they are counted as. */
  noteOther(
    fate: "duplicate" | "unknown-answer" | "unidentified" | "ignored",
    octets: number,
    sequence?: number,
  ): void {
    const known = sequence === undefined ? {} : { sequence };
    this.#log.add(fate, { session: this.session, octetsReceived: octets, ...known });
  }

  /**
   * The outcome of an exchange.
   * @param event what it counts as if it did not decide the fate of its packet
   */
  noteOutcome(sequence: number, now: number, outcome: OutcomeFields, event?: Event): void {
    const { octets, status, serverMs, direction = "", error } = outcome;
    if (event !== undefined) {
      this.#log.add(event, {
        session: this.session,
        sequence,
        receivedAt: now,
        octetsReceived: octets,
        dropped: direction,
        ...(status !== undefined && { status }),
        ...(error !== undefined && { error }),
      });
      return;
    }
    const slot = sequence & this.#mask;
    this.#receivedAt[slot] = now;
    this.#octetsReceived[slot] = octets;
    this.#status[slot] = status ?? 0;
    this.#server[slot] = serverMs ?? Number.NaN;
    this.#dropped[slot] = DROPPED.indexOf(direction);
    this.#error[slot] = this.#log.errorIndex(error);
  }

  /** Passes at most `limit` rows of packets with a final fate, in order; returns how many. */
  drain(limit: number, row: PacketRow, pass: (row: PacketRow) => void): number {
    const end = Math.min(this.#finalBefore, this.#drained + limit);
    const count = end - this.#drained;
    for (; this.#drained < end; this.#drained++) {
      this.#read(this.#drained, row);
      pass(row);
    }
    return count;
  }

  #read(sequence: number, row: PacketRow): void {
    const slot = sequence & this.#mask;
    const { startedAt } = this.#log;
    const { intendedAt, sentAt, wallSentAt } = this.#packets;
    const sent = sentAt[slot] ?? 0;
    const received = this.#receivedAt[slot] ?? Number.NaN;
    const t2 = this.#t2[slot] ?? Number.NaN;
    const isReflected = !Number.isNaN(t2);
    const status = this.#status[slot] ?? 0;
    row.fate = FATES[this.#fate[slot] ?? LOST] ?? "lost";
    row.session = this.session;
    row.sequence = sequence;
    row.intendedAt = (intendedAt[slot] ?? 0) - startedAt;
    row.sentAt = sent - startedAt;
    row.wallSentAt = wallSentAt[slot] ?? 0;
    row.scheduleError = this.#scheduleError[slot] ?? Number.NaN;
    row.receivedAt = received - startedAt;
    row.arrival = this.#arrival[slot] || Number.NaN;
    row.order = this.#order[slot] || Number.NaN;
    row.reflected = isReflected ? (this.#reflected[slot] ?? 0) : Number.NaN;
    row.t1 = isReflected ? this.#log.senderTime(sent) : Number.NaN;
    row.t2 = t2;
    row.t3 = this.#t3[slot] ?? Number.NaN;
    row.t4 = isReflected ? this.#log.senderTime(received) : Number.NaN;
    row.estimate = isReflected ? (this.#estimate[slot] ?? 0) : Number.NaN;
    row.server = this.#server[slot] ?? Number.NaN;
    row.octetsSent = this.#octetsSent[slot] ?? 0;
    row.octetsReceived = this.#octetsReceived[slot] ?? 0;
    row.status = status === 0 ? Number.NaN : status;
    row.dropped = DROPPED[this.#dropped[slot] ?? 0] ?? "";
    row.error = this.#log.errorAt(this.#error[slot] ?? 0);
    row.count = 1;
  }
}
