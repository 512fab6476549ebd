/**
 * Packet accounting of one session: the outcome of each packet, by sequence number.
 *
 * A packet is pending until its timeout has passed, then provisionally lost: an answer within the waiting time makes it
 * late. After the waiting time (the loss threshold of RFC 7680 section 2.4) the loss is final. Packets whose outcome is
 * final enter the loss pattern and the series of delays, in order of sending. Memory is fixed at the start, by rate and
 * waiting time.
 */
import type { Reception } from "./counts.ts";
import type { LossStream } from "./losses/loss-pattern.ts";
import type { PacketNotes } from "./packets/packet-notes.ts";
import { SentPackets } from "./packets/sent-packets.ts";
import type { Recorder } from "./recorder.ts";

const PENDING = 1;
const ANSWERED = 2;
/** Lost for now: an answer within the waiting time makes the packet late. */
const LOST = 3;
/** Late, failed or corrupt. */
const OTHER = 4;
/** Lost: answers are no longer accepted. */
const FINALLY_LOST = 5;
/** Never sent. */
const REFUSED = 6;

/** The reflector's number of an answer that was damaged. */
const NO_NUMBER = 2 ** 32 - 1;

/** Settings of a session's accounting. */
export interface AccountingSettings {
  /** Number of packets that are kept, a power of two (`slotsFor`). */
  readonly slots: number;
  /** An answer after this time is late. */
  readonly timeoutMs: number;
  /** A packet without an answer after this time is lost. At least `timeoutMs`. */
  readonly waitMs: number;
  /** Sequence number of the first packet. Default 0. */
  readonly first?: number;
  /** Whether all packets share one path, so that an answer can be out of order. Default true. */
  readonly ordered?: boolean;
}

/** One session's packets. Times are monotonic ms, wall-clock times ms since the Unix epoch. */
export class PacketAccounting {
  /** The packets that are kept, with their send times. */
  readonly packets: SentPackets;
  /** What the run's packet log needs; undefined without one. */
  readonly notes: PacketNotes | undefined;
  readonly #recorder: Recorder;
  readonly #losses: LossStream;
  readonly #timeoutMs: number;
  readonly #waitMs: number;
  readonly #ordered: boolean;
  readonly #mask: number;
  readonly #sentAt: Float64Array;
  readonly #intendedAt: Float64Array;
  readonly #state: Uint8Array;
  readonly #delay: Float64Array;
  /** By how much the packet was sent late, ms. */
  readonly #late: Float32Array;
  /** The reflector's number of the first answer. */
  readonly #reflected: Uint32Array;
  /** That of the last answer with a number of its own. */
  readonly #repeated: Uint32Array;
  #oldestPending: number;
  /** The oldest packet whose outcome may not be final; all before it are in the loss pattern and the series of delays. */
  #oldestAwaited: number;
  #expected: number;
  #pending = 0;
  #lost = 0;
  #previousDelay: number | undefined;

  constructor(recorder: Recorder, { slots, timeoutMs, waitMs, first = 0, ordered = true }: AccountingSettings) {
    this.#recorder = recorder;
    this.#losses = recorder.losses.stream();
    this.#timeoutMs = timeoutMs;
    this.#waitMs = waitMs;
    this.#ordered = ordered;
    this.#mask = slots - 1;
    this.packets = new SentPackets(slots, first);
    this.#sentAt = this.packets.sentAt;
    this.#intendedAt = this.packets.intendedAt;
    // Writing makes the system allocate the memory now, so that the process does not grow during a run.
    this.#state = new Uint8Array(slots).fill(0);
    this.#delay = new Float64Array(slots).fill(0);
    this.#late = new Float32Array(slots).fill(0);
    this.#reflected = new Uint32Array(slots).fill(0);
    this.#repeated = new Uint32Array(slots).fill(0);
    this.#oldestPending = first;
    this.#oldestAwaited = first;
    this.#expected = first;
    this.notes = recorder.log?.open(this.packets);
  }

  /** The session ends: it sends no more packets. */
  close(): void {
    if (this.notes !== undefined) this.#recorder.log?.close(this.notes);
  }

  /** Number of packets without an outcome. */
  get pending(): number {
    return this.#pending;
  }

  /** Number of packets sent after the last one, in order of sending, that was answered. */
  get unansweredTail(): number {
    return this.packets.next - this.#expected;
  }

  /** Whether another packet can be kept: false while its slot holds a packet that is still pending. */
  get hasCapacity(): boolean {
    return this.#oldestPending > this.packets.next - this.packets.slots;
  }

  /** Adds a packet that is about to be sent; returns its sequence number. */
  add(intendedAt: number, sentAt: number, wallSentAt: number): number {
    if (this.#oldestAwaited <= this.packets.next - this.packets.slots) this.#discardOldest();
    this.notes?.clear(this.packets.next);
    const sequence = this.packets.add(intendedAt, sentAt, wallSentAt);
    this.#state[sequence & this.#mask] = PENDING;
    this.#late[sequence & this.#mask] = 0;
    this.#pending++;
    this.#recorder.counts.sent++;
    return sequence;
  }

  /** The packet that was added was passed to the kernel with this schedule error, ms; NaN without a schedule. */
  handedOver(sequence: number, error: number): void {
    if (error > 0) this.#late[sequence & this.#mask] = error;
    this.notes?.noteScheduleError(sequence, error);
  }

  /**
   * Counts an answer to the packet `sequence` that arrived at `now`; unknown if the packet is not kept any more.
   * @param reflected the reflector's own sequence number, if it has one: a duplicate with a number of its own was
   *   duplicated upstream, one with the number of an earlier answer downstream
   */
  answer(sequence: number, now: number, reflected = 0): Reception {
    const slot = sequence & this.#mask;
    const state = this.#state[slot];
    const { counts } = this.#recorder;
    if (!this.packets.holds(sequence)) return "unknown";
    if (state === ANSWERED || state === OTHER) {
      counts.duplicate++;
      if (this.#isNewNumber(slot, reflected)) counts.duplicateUp++;
      return "duplicate";
    }
    if (state === undefined || state === 0 || state >= FINALLY_LOST) return "unknown";
    const service = now - (this.#sentAt[slot] ?? now);
    if (service > this.#waitMs) {
      this.#loseFinally(slot);
      return "unknown";
    }
    this.#reflected[slot] = reflected;
    this.#repeated[slot] = reflected;
    // RFC 4737 section 3.3: a packet is reordered if its number is below the next expected one.
    if (this.#ordered && sequence < this.#expected) counts.reordered++;
    else this.#expected = sequence + 1;
    if (state === LOST) this.#revertLost(slot);
    else this.#pending--;
    // An answer that was held back before it was counted can arrive in time for a packet that is lost by now.
    if (service > this.#timeoutMs) {
      counts.late++;
      this.#state[slot] = OTHER;
      this.notes?.noteArrival(sequence, "late", now);
      return "late";
    }
    this.#state[slot] = ANSWERED;
    counts.answered++;
    this.notes?.noteArrival(sequence, "answered", now);
    this.#recorder.recordTimes(now - (this.#intendedAt[slot] ?? now), service, this.#late[slot]);
    this.#recordVariation(sequence, slot, service);
    return "answered";
  }

  /** Whether the reflector's number of a further answer to the packet is none of an earlier one. */
  #isNewNumber(slot: number, reflected: number): boolean {
    const first = this.#reflected[slot];
    if (first === reflected || this.#repeated[slot] === reflected) return false;
    if (first === NO_NUMBER) this.#reflected[slot] = reflected;
    this.#repeated[slot] = reflected;
    return first !== NO_NUMBER;
  }

  /** Compares delays: by order of arrival for the jitter (RFC 3550 section 6.4.1), by order of sending for the rest. */
  #recordVariation(sequence: number, slot: number, service: number): void {
    this.#delay[slot] = service;
    if (this.#previousDelay !== undefined) this.#recorder.updateJitter(service - this.#previousDelay);
    this.#previousDelay = service;
    const before = (sequence - 1) & this.#mask;
    if (sequence > this.packets.first && this.#state[before] === ANSWERED) {
      this.#recorder.recordVariation(service - (this.#delay[before] ?? 0));
    }
    const after = (sequence + 1) & this.#mask;
    if (sequence + 1 < this.packets.next && this.#state[after] === ANSWERED) {
      this.#recorder.recordVariation((this.#delay[after] ?? 0) - service);
    }
  }

  /** Gives a packet the outcome failed, corrupt or lost, unless it has a final one; returns whether it did. */
  resolve(sequence: number, outcome: "failed" | "corrupt" | "lost"): boolean {
    if (!this.packets.holds(sequence)) return false;
    const slot = sequence & this.#mask;
    const state = this.#state[slot];
    if (state !== PENDING && state !== LOST) return false;
    if (outcome === "lost") {
      this.#loseFinally(slot);
      return true;
    }
    if (state === LOST) this.#revertLost(slot);
    else this.#pending--;
    this.#state[slot] = OTHER;
    this.#reflected[slot] = NO_NUMBER;
    this.#repeated[slot] = NO_NUMBER;
    this.#recorder.counts[outcome]++;
    this.notes?.noteFate(sequence, outcome);
    return true;
  }

  /** Takes back a packet that the kernel refused to send: it counts as refused, not as sent. */
  refuse(sequence: number): void {
    if (!this.packets.holds(sequence)) return;
    const slot = sequence & this.#mask;
    const state = this.#state[slot];
    if (state === FINALLY_LOST) this.#recorder.awaited++;
    if (state === PENDING) this.#pending--;
    else if (state === LOST || state === FINALLY_LOST) this.#revertLost(slot);
    else return;
    this.#state[slot] = REFUSED;
    this.notes?.noteFate(sequence, "refused");
    this.#recorder.counts.sent--;
    this.#recorder.counts.refused++;
  }

  /** Whether the loss of a packet is final, as that of a packet that is not kept any more, if it had no outcome. */
  isFinallyLost(sequence: number): boolean {
    return !this.packets.holds(sequence) || this.#state[sequence & this.#mask] === FINALLY_LOST;
  }

  /**
   * Counts every packet whose timeout has passed at `now` as lost, makes the losses final whose waiting time has passed,
   * and records the outcomes that are final. Returns how many packets became lost.
   */
  expire(now: number): number {
    const newlyLost = this.#expirePending(now);
    while (this.#oldestAwaited < this.#oldestPending) {
      const slot = this.#oldestAwaited & this.#mask;
      if (this.#state[slot] === LOST) {
        if (now - (this.#sentAt[slot] ?? now) <= this.#waitMs) break;
        this.#loseFinally(slot);
      }
      this.#recordFinal(slot);
      this.notes?.noteFinal(this.#oldestAwaited, this.#losses.recorded);
      this.#oldestAwaited++;
    }
    return newlyLost;
  }

  #expirePending(now: number): number {
    const before = this.#lost;
    while (this.#oldestPending < this.packets.next) {
      const slot = this.#oldestPending & this.#mask;
      if (this.#state[slot] === PENDING) {
        if (now - (this.#sentAt[slot] ?? now) <= this.#timeoutMs) break;
        this.#pending--;
        this.#countLost(slot);
      }
      this.#oldestPending++;
    }
    return this.#lost - before;
  }

  /** Counts every pending packet as lost, because the connection for their answers is closed; returns how many. */
  expireAll(): number {
    return this.expire(Number.POSITIVE_INFINITY);
  }

  /** Makes the outcome of the packet final whose slot the next packet needs. */
  #discardOldest(): void {
    const slot = this.#oldestAwaited++ & this.#mask;
    if (this.#state[slot] === LOST) {
      this.#loseFinally(slot);
      this.#recorder.counts.discarded++;
    }
    this.#recordFinal(slot);
    this.notes?.noteFinal(this.#oldestAwaited - 1, this.#losses.recorded);
  }

  #recordFinal(slot: number): void {
    const state = this.#state[slot];
    if (state === REFUSED) return;
    this.#losses.record(state === FINALLY_LOST);
    const { responses } = this.#recorder;
    if (state !== ANSWERED) responses.recordMissing();
    else responses.record((this.#delay[slot] ?? 0) + (this.#sentAt[slot] ?? 0) - (this.#intendedAt[slot] ?? 0));
  }

  #countLost(slot: number): void {
    this.#state[slot] = LOST;
    this.#lost++;
    this.#recorder.awaited++;
    this.#recorder.countLost(this.#sentAt[slot] ?? 0);
  }

  /** The packet is pending or provisionally lost. */
  #loseFinally(slot: number): void {
    if (this.#state[slot] === PENDING) {
      this.#pending--;
      this.#countLost(slot);
    }
    this.#state[slot] = FINALLY_LOST;
    this.#recorder.awaited--;
  }

  #revertLost(slot: number): void {
    this.#lost--;
    this.#recorder.awaited--;
    this.#recorder.revertLost(this.#sentAt[slot] ?? 0);
  }

  /** Number of lost packets whose sequence number is at most `sequence`. */
  lostUpTo(sequence: number): number {
    const { next, slots } = this.packets;
    let notLostAfter = 0;
    for (let later = Math.max(sequence + 1, next - slots); later < next; later++) {
      const state = this.#state[later & this.#mask];
      if (state !== LOST && state !== FINALLY_LOST) notLostAfter++;
    }
    return this.#lost - (next - 1 - sequence - notLostAfter);
  }
}
