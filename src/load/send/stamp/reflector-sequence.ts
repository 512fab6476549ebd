/** The sequence numbers of one session's reflector, from which the direction of losses is computed (RFC 8762 section 4.3). */
import type { PacketAccounting } from "../../measure/accounting.ts";
import type { Recorder } from "../../measure/recorder.ts";

/** Tracks the numbers of the answers that arrive. */
export class ReflectorSequence {
  #highest = -1;
  /** The packet to which the answer with the highest number belongs. */
  #highestFor = 0;
  #arrived = 0;

  /** Notes the reflector's number of an answer to the packet `sequence`. */
  observe(reflected: number, sequence: number): void {
    if (reflected <= this.#highest) return;
    this.#highest = reflected;
    this.#highestFor = sequence;
  }

  /** Counts an answer that has a reflector's number of its own; a copy made downstream has none. */
  countArrival(): void {
    this.#arrived++;
  }

  /** Adds the totals of the session to the recorder, and starts again at 0. */
  moveTo({ reflector }: Recorder, accounting: PacketAccounting): void {
    reflector.reflected += this.#highest + 1;
    reflector.arrived += this.#arrived;
    if (this.#highest >= 0) reflector.lostBefore += accounting.lostUpTo(this.#highestFor);
    this.#highest = -1;
    this.#arrived = 0;
  }
}
