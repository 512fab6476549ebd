/** The sequence numbers of one session's reflector, from which the direction of losses is computed (RFC 8762 section 4.3). */
import type { PacketAccounting } from "../../measure/accounting.ts";
import type { Recorder } from "../../measure/recorder.ts";

/**
 * Tracks the numbers of the answers that arrive. A stateful reflector counts its answers of this session from 0. If it
 * counts several sessions together, or restarts, a number repeats, falls back or is too high, and losses cannot be
 * computed from the numbers.
 */
export class ReflectorSequence {
  readonly #window: number;
  /** For each number of the window, the number plus 1 if it has arrived. */
  readonly #seen: Uint32Array;
  #highest = -1;
  /** The packet to which the answer with the highest number belongs. */
  #highestFor = 0;
  #lowest = Number.POSITIVE_INFINITY;
  /** How many packets of the session were sent before the one with the lowest number. */
  #sentBeforeLowest = 0;
  #arrived = 0;
  #copies = 0;
  /** Highest packet that has an answer. */
  #latest = 0;
  /** By how many packets one was overtaken upstream, at most. */
  #overtaking = 0;
  /** Highest number before the session was restarted. */
  #highestBefore = -1;
  /** Whether the numbers cannot be those of this session alone, counted from 0. */
  #isForeign = false;

  /** @param window how far a number may be below the highest one; answers to all packets that are kept must fit */
  constructor(window: number) {
    this.#window = window;
    this.#seen = new Uint32Array(window).fill(0);
  }

  /**
   * Counts an answer with a number of its own; a copy made downstream has none.
   * @param reflected the reflector's number of the answer to the packet `sequence`
   * @param isCopy whether it is a further answer to its packet, which was copied upstream
   * @param isCounted whether its packet has an outcome by it. An answer after the waiting time leaves its packet lost:
   *   it did not arrive, but its number shows that the packet was not lost upstream
   */
  add(
    reflected: number,
    sequence: number,
    { isCopy, isCounted }: { readonly isCopy: boolean; readonly isCounted: boolean },
    { first, next }: PacketAccounting["packets"],
  ): void {
    if (isCounted) this.#arrived++;
    if (isCopy) this.#copies++;
    const slot = reflected % this.#window;
    const isTooHigh = reflected >= next - first + this.#copies;
    if (isTooHigh || this.#seen[slot] === reflected + 1 || this.#highest - reflected >= this.#window) {
      this.#isForeign = true;
    }
    this.#seen[slot] = reflected + 1;
    if (reflected < this.#lowest) {
      this.#lowest = reflected;
      this.#sentBeforeLowest = sequence - first;
    }
    this.#observeOrder(reflected, sequence);
    if (reflected <= this.#highest) return;
    this.#highest = reflected;
    this.#highestFor = sequence;
  }

  /** Compares the order in which two packets reached the reflector with the order in which they were sent. */
  #observeOrder(reflected: number, sequence: number): void {
    const isBefore = reflected < this.#highest;
    const overtaking = isBefore ? sequence - this.#highestFor : this.#latest - sequence;
    this.#overtaking = Math.max(this.#overtaking, overtaking);
    this.#latest = Math.max(this.#latest, sequence);
  }

  /** Whether the lowest number that arrived shows that the numbers did not begin at 0 with this session. */
  get #startedEarlier(): boolean {
    if (this.#highest < 0) return false;
    const continues = this.#highestBefore >= 0 && this.#lowest > this.#highestBefore;
    return continues || this.#lowest > this.#sentBeforeLowest + this.#copies;
  }

  /**
   * Adds the totals of the session to the recorder, and starts again at 0.
   * @param neverSent packets counted as lost that were not sent, before the first answer
   */
  moveTo(recorder: Recorder, accounting: PacketAccounting, neverSent: number): void {
    if (this.#isForeign || this.#startedEarlier) recorder.foreignNumbers = true;
    const { reflector } = recorder;
    reflector.reflected += this.#highest + 1;
    reflector.arrived += this.#arrived;
    if (this.#highest >= 0) {
      const lost = accounting.lostUpTo(this.#highestFor);
      const notOvertaken = Math.max(accounting.packets.first, this.#highestFor - this.#overtaking) - 1;
      reflector.lostBefore += lost - neverSent;
      if (this.#overtaking > 0) reflector.overtaken += lost - accounting.lostUpTo(notOvertaken);
    }
    this.#highestBefore = this.#highest;
    this.#highest = -1;
    this.#lowest = Number.POSITIVE_INFINITY;
    this.#arrived = 0;
    this.#copies = 0;
    this.#latest = 0;
    this.#overtaking = 0;
    this.#isForeign = false;
    this.#seen.fill(0);
  }
}
