/**
 * Packet accounting of one session: the outcome of each packet, by sequence number.
 *
 * Memory is fixed at the start, by rate and timeout. A packet is kept until two timeouts have passed: it is pending
 * until the first, then lost, unless an answer still arrives and makes it late.
 */
import type { Recorder } from "./recorder.ts";
import { SentPackets } from "./sent-packets.ts";

const PENDING = 1;
const ANSWERED = 2;
const LOST = 3;
/** Late, failed or corrupt. */
const OTHER = 4;

/**
 * What an answer is to the accounting: the first one to its packet, within the timeout or after it; a further one; one
 * to a packet that is not kept.
 */
export type Reception = "answered" | "late" | "duplicate" | "unknown";

/** Settings of a session's accounting. */
export interface AccountingSettings {
  /** Number of packets that are kept, a power of two (`slotsFor`). */
  readonly slots: number;
  readonly timeoutMs: number;
  /** Sequence number of the first packet. Default 0. */
  readonly first?: number;
  /** Whether all packets share one path, so that an answer can be out of order. Default true. */
  readonly ordered?: boolean;
}

/** One session's packets. Times are monotonic ms, wall-clock times ms since the Unix epoch. */
export class PacketAccounting {
  /** The packets that are kept, with their send times. */
  readonly packets: SentPackets;
  readonly #recorder: Recorder;
  readonly #timeoutMs: number;
  readonly #ordered: boolean;
  readonly #mask: number;
  readonly #sentAt: Float64Array;
  readonly #intendedAt: Float64Array;
  readonly #state: Uint8Array;
  readonly #delay: Float32Array;
  readonly #reflected: Uint32Array;
  #oldestPending: number;
  #expected: number;
  #pending = 0;
  #lost = 0;
  #previousDelay: number | undefined;

  constructor(recorder: Recorder, { slots, timeoutMs, first = 0, ordered = true }: AccountingSettings) {
    this.#recorder = recorder;
    this.#timeoutMs = timeoutMs;
    this.#ordered = ordered;
    this.#mask = slots - 1;
    this.packets = new SentPackets(slots, first);
    this.#sentAt = this.packets.sentAt;
    this.#intendedAt = this.packets.intendedAt;
    // Writing makes the system allocate the memory now, so that the process does not grow during a run.
    this.#state = new Uint8Array(slots).fill(0);
    this.#delay = new Float32Array(slots).fill(0);
    this.#reflected = new Uint32Array(slots).fill(0);
    this.#oldestPending = first;
    this.#expected = first;
  }

  /** Number of packets without an outcome. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether another packet can be kept: false while its slot holds a packet that is still pending. */
  get hasCapacity(): boolean {
    return this.#oldestPending > this.packets.next - this.packets.slots;
  }

  /** Adds a packet that is about to be sent; returns its sequence number. */
  add(intendedAt: number, sentAt: number, wallSentAt: number): number {
    const sequence = this.packets.add(intendedAt, sentAt, wallSentAt);
    this.#state[sequence & this.#mask] = PENDING;
    this.#pending++;
    this.#recorder.counts.sent++;
    return sequence;
  }

  /**
   * Counts an answer to the packet `sequence` that arrived at `now`.
   * @param reflected the reflector's own sequence number, if it has one: a duplicate with a different number was
   *   duplicated upstream, one with the same number downstream
   */
  answer(sequence: number, now: number, reflected = 0): Reception {
    const slot = sequence & this.#mask;
    const state = this.#state[slot];
    const { counts } = this.#recorder;
    if (state === ANSWERED || state === OTHER) {
      counts.duplicate++;
      if (reflected !== this.#reflected[slot]) counts.duplicateUp++;
      return "duplicate";
    }
    if (state === undefined || state === 0) return "unknown";
    this.#reflected[slot] = reflected;
    // RFC 4737 section 3.3: a packet is reordered if its number is below the next expected one.
    if (this.#ordered && sequence < this.#expected) counts.reordered++;
    else this.#expected = sequence + 1;
    const service = now - (this.#sentAt[slot] ?? now);
    if (state === LOST) this.#revertLost(slot);
    else this.#pending--;
    // An answer that was held back before it was counted can arrive in time for a packet that is lost by now.
    if (service > this.#timeoutMs) {
      counts.late++;
      this.#state[slot] = OTHER;
      return "late";
    }
    this.#state[slot] = ANSWERED;
    counts.answered++;
    this.#recorder.recordTimes(now - (this.#intendedAt[slot] ?? now), service);
    this.#recordVariation(sequence, slot, service);
    return "answered";
  }

  /** Compares delays: by order of arrival for the jitter (RFC 3550 section 6.4.1), by order of sending for the rest. */
  #recordVariation(sequence: number, slot: number, service: number): void {
    this.#delay[slot] = service;
    if (this.#previousDelay !== undefined) this.#recorder.updateJitter(service - this.#previousDelay);
    this.#previousDelay = service;
    const before = (sequence - 1) & this.#mask;
    if (sequence > this.packets.first && this.#state[before] === ANSWERED) {
      this.#recorder.recordVariation(Math.abs(service - (this.#delay[before] ?? 0)));
    }
    const after = (sequence + 1) & this.#mask;
    if (sequence + 1 < this.packets.next && this.#state[after] === ANSWERED) {
      this.#recorder.recordVariation(Math.abs(service - (this.#delay[after] ?? 0)));
    }
  }

  /** Gives a packet the outcome failed, corrupt or lost, unless it has a final one; returns whether it did. */
  resolve(sequence: number, outcome: "failed" | "corrupt" | "lost"): boolean {
    const slot = sequence & this.#mask;
    const state = this.#state[slot];
    if (state !== PENDING && !(state === LOST && outcome !== "lost")) return false;
    if (state === LOST) this.#revertLost(slot);
    else this.#pending--;
    if (outcome === "lost") this.#countLost(slot);
    else {
      this.#state[slot] = OTHER;
      this.#recorder.counts[outcome]++;
    }
    return true;
  }

  /** Counts every packet whose timeout has passed at `now` as lost; returns how many became so. */
  expire(now: number): number {
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

  #countLost(slot: number): void {
    this.#state[slot] = LOST;
    this.#lost++;
    this.#recorder.countLost(this.#sentAt[slot] ?? 0);
  }

  #revertLost(slot: number): void {
    this.#lost--;
    this.#recorder.revertLost(this.#sentAt[slot] ?? 0);
  }

  /** Number of lost packets whose sequence number is at most `sequence`. */
  lostUpTo(sequence: number): number {
    const { next, slots } = this.packets;
    let notLostAfter = 0;
    for (let later = Math.max(sequence + 1, next - slots); later < next; later++) {
      if (this.#state[later & this.#mask] !== LOST) notLostAfter++;
    }
    return this.#lost - (next - 1 - sequence - notLostAfter);
  }
}
