/** The sequence numbers of one session's reflector, from which the direction of losses is computed (RFC 8762 section 4.3). */
import type { PacketAccounting } from "../../measure/accounting.ts";
import type { Recorder } from "../../measure/recorder.ts";

/** Latest numbers that are compared one by one; a number that is lower by more belongs to a reflector that restarted. */
const WINDOW = 1024;

/**
 * Tracks the numbers of the answers that arrive. They count the reflector's answers of this session from 0, unless the
 * reflector counts several sessions together or restarts. Then a number repeats, falls back or starts too high, and the
 * numbers prove nothing.
 */
export class ReflectorSequence {
  /** For each number of the window, the number plus 1 if it has arrived. */
  readonly #seen = new Uint32Array(WINDOW);
  #highest = -1;
  /** The packet to which the answer with the highest number belongs. */
  #highestFor = 0;
  #arrived = 0;
  /** Whether the numbers cannot be those of this session alone, counted from 0. */
  #isForeign = false;

  /**
   * Counts an answer with a number of its own; a copy made downstream has none.
   * @param reflected the reflector's number of the answer to the packet `sequence`
   * @param sent packets of the session sent so far
   */
  add(reflected: number, sequence: number, sent: number): void {
    this.#arrived++;
    const slot = reflected % WINDOW;
    const startsTooHigh = this.#highest < 0 && reflected >= sent;
    if (startsTooHigh || this.#seen[slot] === reflected + 1 || this.#highest - reflected >= WINDOW)
      this.#isForeign = true;
    this.#seen[slot] = reflected + 1;
    if (reflected <= this.#highest) return;
    this.#highest = reflected;
    this.#highestFor = sequence;
  }

  /** Adds the totals of the session to the recorder, and starts again at 0. */
  moveTo(recorder: Recorder, accounting: PacketAccounting): void {
    if (this.#isForeign) recorder.foreignNumbers = true;
    const { reflector } = recorder;
    reflector.reflected += this.#highest + 1;
    reflector.arrived += this.#arrived;
    if (this.#highest >= 0) reflector.lostBefore += accounting.lostUpTo(this.#highestFor);
    this.#highest = -1;
    this.#arrived = 0;
    this.#isForeign = false;
    this.#seen.fill(0);
  }
}
