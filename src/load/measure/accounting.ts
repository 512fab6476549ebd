/**
 * The ledger of one session: what became of each packet, by its sequence number.
 *
 * Its size is fixed when it is made, by rate × timeout: a ring of slots remembers a packet until twice the timeout has
 * passed. Until the timeout a packet is pending; then it is lost, until an answer that comes after all makes it late.
 */
import { writeTimestamp } from "../../stamp/packet.ts";
import type { Recorder } from "./recorder.ts";

const PENDING = 1;
const ANSWERED = 2;
const LOST = 3;
const OTHER = 4;

const TWO_32 = 2 ** 32;

/** The most slots of one ledger: 4 million packets in flight, about 150 MB. */
const MOST_SLOTS = 2 ** 22;

/** A moment comes back as it went, but for the rounding of a 64-bit timestamp into a double: a quarter of a µs. */
const SAME_MOMENT_MS = 0.0006;

function bitsSet(word: number): number {
  let left = word >>> 0;
  let count = 0;
  for (; left !== 0; left &= left - 1) count++;
  return count;
}

/** What an answer was to the ledger: the first one, the first one but after the timeout, one more, or to no packet that it knows. */
export type Reception = "answered" | "late" | "duplicate" | "unknown";

/** How many slots a ledger needs, a power of two: all packets of two timeouts at this rate, and room to catch up. */
export function slotsFor(packetsPerSecond: number, timeoutMs: number): number {
  const wanted = packetsPerSecond * (timeoutMs / 1000) * 2.5 + 64;
  return Math.min(MOST_SLOTS, 2 ** Math.ceil(Math.log2(wanted)));
}

/** One session's packets. Moments are monotonic ms, wall moments ms since the Unix epoch. */
export class Ledger {
  readonly #recorder: Recorder;
  readonly #timeoutMs: number;
  readonly #mask: number;
  readonly #planned: Float64Array;
  readonly #sent: Float64Array;
  readonly #wall: Float64Array;
  readonly #delay: Float32Array;
  readonly #reflected: Uint32Array;
  readonly #state: Uint8Array;
  readonly #first: number;
  #next: number;
  #oldest: number;
  #expected: number;
  #pending = 0;
  #lost = 0;
  #previousDelay: number | undefined;

  /**
   * @param slots how many packets it remembers, a power of two
   * @param first the first packet's sequence number
   * @param oneWay whether all packets share one way; on many connections no answer is out of order
   */
  constructor(
    recorder: Recorder,
    slots: number,
    timeoutMs: number,
    first = 0,
    private readonly oneWay = true,
  ) {
    this.#recorder = recorder;
    this.#timeoutMs = timeoutMs;
    this.#mask = slots - 1;
    this.#planned = new Float64Array(slots);
    this.#sent = new Float64Array(slots);
    this.#wall = new Float64Array(slots);
    this.#delay = new Float32Array(slots);
    this.#reflected = new Uint32Array(slots);
    this.#state = new Uint8Array(slots);
    // Written to at once, so that the system gives all of the memory now: what a run takes does not grow as it goes.
    for (const array of [this.#planned, this.#sent, this.#wall, this.#delay, this.#reflected, this.#state])
      array.fill(0);
    this.#first = first;
    this.#next = first;
    this.#oldest = first;
    this.#expected = first;
  }

  /** How many packets wait for their answer. */
  get pending(): number {
    return this.#pending;
  }

  /** The sequence number that the next packet gets; on the wire modulo 2^32. */
  get next(): number {
    return this.#next;
  }

  /** Whether another packet can be remembered: false while one that is still pending holds the slot. */
  get hasRoom(): boolean {
    return this.#oldest > this.#next - this.#state.length;
  }

  /** Writes down a packet that is about to be sent and gives its sequence number. */
  open(planned: number, sent: number, wall: number): number {
    const sequence = this.#next++;
    const slot = sequence & this.#mask;
    this.#planned[slot] = planned;
    this.#sent[slot] = sent;
    this.#wall[slot] = wall;
    this.#state[slot] = PENDING;
    this.#pending++;
    this.#recorder.counts.sent++;
    return sequence;
  }

  /** The packet goes out only now. */
  restamp(sequence: number, sent: number, wall: number): void {
    const slot = sequence & this.#mask;
    this.#sent[slot] = sent;
    this.#wall[slot] = wall;
  }

  /** The sequence number in full of one read from the wire (modulo 2^32), or -1 where the ledger remembers no such packet. */
  recall(onWire: number): number {
    const back = ((this.#next % TWO_32) - onWire) >>> 0;
    const sequence = this.#next - back;
    return back !== 0 && back <= this.#state.length && sequence >= this.#first ? sequence : -1;
  }

  /**
   * The packet whose wall moment of sending is `wall`, or -1: for answers whose number is damaged. Of several that left
   * together, the one whose number differs from `onWire` in the fewest bits.
   */
  recallByWall(wall: number, onWire: number): number {
    const last = Math.max(this.#first, this.#next - this.#state.length);
    let found = -1;
    let fewest = Number.POSITIVE_INFINITY;
    for (let sequence = this.#next - 1; sequence >= last; sequence--) {
      const distance = wall - (this.#wall[sequence & this.#mask] ?? 0);
      if (distance > SAME_MOMENT_MS) break;
      const bits = distance < -SAME_MOMENT_MS ? Number.POSITIVE_INFINITY : bitsSet((sequence % TWO_32) ^ onWire);
      if (bits < fewest) {
        found = sequence;
        fewest = bits;
      }
    }
    return found;
  }

  /** The wall moment at which a remembered packet was sent. */
  sentAt(sequence: number): number {
    return this.#wall[sequence & this.#mask] ?? 0;
  }

  /** In how many bits the number and the moment of sending that came back differ from those that went out. */
  bitsApart(sequence: number, wall: number, onWire: number): number {
    const [sent, back] = [new Uint8Array(8), new Uint8Array(8)];
    writeTimestamp(sent, 0, this.sentAt(sequence));
    writeTimestamp(back, 0, wall);
    return sent.reduce(
      (bits, octet, i) => bits + bitsSet(octet ^ (back[i] ?? 0)),
      bitsSet((sequence % TWO_32) ^ onWire),
    );
  }

  /** Whether a remembered packet was sent at the wall moment `wall`. */
  wasSentAt(sequence: number, wall: number): boolean {
    return Math.abs(wall - this.sentAt(sequence)) < SAME_MOMENT_MS;
  }

  /**
   * An answer to `sequence` came at `now`.
   * @param reflected the reflector's own sequence number, where it has one: tells copies made on the way up from
   *   copies made on the way down
   */
  answer(sequence: number, now: number, reflected = 0): Reception {
    const slot = sequence & this.#mask;
    const state = this.#state[slot];
    const counts = this.#recorder.counts;
    if (state === ANSWERED || state === OTHER) {
      counts.duplicate++;
      if (reflected !== this.#reflected[slot]) counts.reflectedTwice++;
      return "duplicate";
    }
    if (state === undefined || state === 0) return "unknown";
    this.#reflected[slot] = reflected;
    this.#state[slot] = ANSWERED;
    // RFC 4737 section 3.3: reordered is what arrives with a number below the next expected one.
    if (this.oneWay && sequence < this.#expected) counts.reordered++;
    else this.#expected = sequence + 1;
    const service = now - (this.#sent[slot] ?? now);
    if (state === LOST || service > this.#timeoutMs) {
      if (state === LOST) this.#unlose(slot);
      else this.#pending--;
      counts.late++;
      this.#state[slot] = OTHER;
      return "late";
    }
    this.#pending--;
    counts.answered++;
    this.#recorder.times(now - (this.#planned[slot] ?? now), service);
    this.#vary(sequence, slot, service);
    return "answered";
  }

  /** Consecutive delays: RFC 3550 section 6.4.1 in order of arrival, RFC 3393 in order of sending. */
  #vary(sequence: number, slot: number, service: number): void {
    this.#delay[slot] = service;
    if (this.#previousDelay !== undefined) this.#recorder.transitChange(service - this.#previousDelay);
    this.#previousDelay = service;
    const before = (sequence - 1) & this.#mask;
    if (sequence > this.#first && this.#state[before] === ANSWERED) {
      this.#recorder.delayVariation(Math.abs(service - (this.#delay[before] ?? 0)));
    }
    const after = (sequence + 1) & this.#mask;
    if (sequence + 1 < this.#next && this.#state[after] === ANSWERED) {
      this.#recorder.delayVariation(Math.abs(service - (this.#delay[after] ?? 0)));
    }
  }

  /** Settles a packet as failed, corrupt or lost, unless it is settled already. Gives whether it was open. */
  settle(sequence: number, column: "failed" | "corrupt" | "lost"): boolean {
    const slot = sequence & this.#mask;
    const state = this.#state[slot];
    if (state !== PENDING && !(state === LOST && column !== "lost")) return false;
    if (state === LOST) this.#unlose(slot);
    else this.#pending--;
    if (column === "lost") this.#lose(slot);
    else {
      this.#state[slot] = OTHER;
      this.#recorder.counts[column]++;
    }
    return true;
  }

  /** Every packet whose timeout has passed at `now` is lost; gives how many became so. */
  expire(now: number): number {
    const before = this.#lost;
    while (this.#oldest < this.#next) {
      const slot = this.#oldest & this.#mask;
      if (this.#state[slot] === PENDING) {
        if (now - (this.#sent[slot] ?? now) <= this.#timeoutMs) break;
        this.#pending--;
        this.#lose(slot);
      }
      this.#oldest++;
    }
    return this.#lost - before;
  }

  #lose(slot: number): void {
    this.#state[slot] = LOST;
    this.#lost++;
    this.#recorder.lose(this.#sent[slot] ?? 0);
  }

  #unlose(slot: number): void {
    this.#lost--;
    this.#recorder.unlose(this.#sent[slot] ?? 0);
  }

  /** How many of the lost packets have a number up to `sequence`. */
  lostUpTo(sequence: number): number {
    let answeredAfter = 0;
    for (let later = Math.max(sequence + 1, this.#next - this.#state.length); later < this.#next; later++) {
      const state = this.#state[later & this.#mask];
      if (state === ANSWERED || state === OTHER || state === PENDING) answeredAfter++;
    }
    return this.#lost - (this.#next - 1 - sequence - answeredAfter);
  }

  /** Everything still open is lost: the connection that would have carried the answers is gone. */
  abandon(): number {
    return this.expire(Number.POSITIVE_INFINITY);
  }
}
