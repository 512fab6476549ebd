/** The packets that a session sent last, by sequence number, and how an answer is matched to one of them. */
import { writeTimestamp } from "../../../stamp/packet.ts";

const TWO_32 = 2 ** 32;

/** Most packets of one session: 4 million, in about 190 MB with their outcomes. */
const MAX_SLOTS = 2 ** 22;

/** Two times that differ by less are equal: writing and reading an NTP timestamp rounds to about 0.25 µs. */
const SAME_TIME_MS = 0.0006;

/** Least number of slots of a session whose packets are logged. */
const MIN_LOGGED = 1024;
/** Larger rings have enough spare capacity for a log without more slots. */
const AMPLE = 2 ** 16;

/**
 * Slots for all packets of the waiting time at this rate, with spare capacity for catching up; a power of two.
 * @param isLogged whether the packets also have to be kept until their rows are written
 */
export function slotsFor(packetsPerSecond: number, waitMs: number, isLogged = false): number {
  const wanted = packetsPerSecond * (waitMs / 1000) * 1.25 + 64;
  const slots = 2 ** Math.ceil(Math.log2(wanted));
  const kept = isLogged && slots < AMPLE ? Math.max(MIN_LOGGED, 2 * slots) : slots;
  return Math.min(MAX_SLOTS, kept);
}

function countBits(word: number): number {
  let left = word >>> 0;
  let count = 0;
  for (; left !== 0; left &= left - 1) count++;
  return count;
}

/** Send times in a ring of fixed size. A packet's slot is its sequence number modulo the number of slots. */
export class SentPackets {
  /** Intended send time by slot, monotonic ms. */
  readonly intendedAt: Float64Array;
  /** Actual send time by slot, monotonic ms. */
  readonly sentAt: Float64Array;
  /** Actual send time by slot, ms since the Unix epoch. */
  readonly wallSentAt: Float64Array;
  readonly slots: number;
  /** Sequence number of the first packet. */
  readonly first: number;
  readonly #mask: number;
  #next: number;

  /**
   * @param slots number of packets that are kept, a power of two
   * @param first sequence number of the first packet
   */
  constructor(slots: number, first: number) {
    this.slots = slots;
    this.#mask = slots - 1;
    this.first = first;
    this.#next = first;
    // Writing makes the system allocate the memory now, so that the process does not grow during a run.
    this.intendedAt = new Float64Array(slots).fill(0);
    this.sentAt = new Float64Array(slots).fill(0);
    this.wallSentAt = new Float64Array(slots).fill(0);
  }

  /** Sequence number of the next packet; on the wire modulo 2^32. */
  get next(): number {
    return this.#next;
  }

  /**
   * Stores a packet, in place of the one that was sent `slots` packets before; returns its sequence number.
   * @param wallSentAt NaN if it is sent later
   */
  add(intendedAt: number, sentAt: number, wallSentAt: number): number {
    const sequence = this.#next++;
    const slot = sequence & this.#mask;
    this.intendedAt[slot] = intendedAt;
    this.sentAt[slot] = sentAt;
    this.wallSentAt[slot] = wallSentAt;
    return sequence;
  }

  /** Replaces the actual send time of a packet that left later than it was stored. */
  updateSentAt(sequence: number, sentAt: number, wallSentAt: number): void {
    const slot = sequence & this.#mask;
    this.sentAt[slot] = sentAt;
    this.wallSentAt[slot] = wallSentAt;
  }

  /** Replaces the intended send time of a packet without a schedule. */
  updateIntendedAt(sequence: number, intendedAt: number): void {
    this.intendedAt[sequence & this.#mask] = intendedAt;
  }

  /** Whether the slot of the packet `sequence`, which was added, still holds it, and no later one. */
  holds(sequence: number): boolean {
    return sequence >= this.#next - this.slots;
  }

  /** The complete sequence number of one from the wire (modulo 2^32); -1 if no packet that is kept has it. */
  find(onWire: number): number {
    const back = ((this.#next % TWO_32) - onWire) >>> 0;
    const sequence = this.#next - back;
    return back !== 0 && back <= this.slots && sequence >= this.first ? sequence : -1;
  }

  /**
   * The packet that was sent at the wall-clock time `wall`, or -1: for answers whose sequence number is damaged. If
   * several packets have that send time, the one whose number differs from `onWire` in the fewest bits.
   */
  findBySendTime(wall: number, onWire: number): number {
    const oldest = Math.max(this.first, this.#next - this.slots);
    let found = -1;
    let fewest = Number.POSITIVE_INFINITY;
    for (let sequence = this.#next - 1; sequence >= oldest; sequence--) {
      const later = wall - this.wallTimeOf(sequence);
      if (Number.isNaN(later)) continue; // it is not sent yet
      if (later > SAME_TIME_MS) break;
      const bits = later < -SAME_TIME_MS ? Number.POSITIVE_INFINITY : countBits((sequence % TWO_32) ^ onWire);
      if (bits < fewest) {
        found = sequence;
        fewest = bits;
      }
    }
    return found;
  }

  /** Intended send time of a packet that is kept, monotonic ms. */
  intendedTimeOf(sequence: number): number {
    return this.intendedAt[sequence & this.#mask] ?? 0;
  }

  /** Send time of a packet that is kept, monotonic ms. */
  sentTimeOf(sequence: number): number {
    return this.sentAt[sequence & this.#mask] ?? 0;
  }

  /** Send time of a packet that is kept, ms since the Unix epoch; NaN if it is not sent yet. */
  wallTimeOf(sequence: number): number {
    return this.wallSentAt[sequence & this.#mask] ?? 0;
  }

  /** Whether a packet that is kept was sent at the wall-clock time `wall`. */
  wasSentAt(sequence: number, wall: number): boolean {
    return Math.abs(wall - this.wallTimeOf(sequence)) < SAME_TIME_MS;
  }

  /**
   * Number of bits in which a returned sequence number and the returned send time, 8 octets of `bytes` from `at`, differ from
   * those of a packet that is kept. The octets are compared, because reading a time rounds it.
   */
  bitDifference(sequence: number, bytes: Uint8Array, at: number, onWire: number): number {
    const sent = new Uint8Array(8);
    writeTimestamp(sent, 0, this.wallTimeOf(sequence));
    return sent.reduce(
      (bits, octet, index) => bits + countBits(octet ^ (bytes[at + index] ?? 0)),
      countBits((sequence % TWO_32) ^ onWire),
    );
  }
}
