/** Delay variation by direction: the exchanges of one session, compared with the one sent before and the one sent after. */
import type { DelayVariation } from "./delay-variation.ts";

/** Most exchanges that are kept: 262,144, in 6 MB. */
const MAX_KEPT = 2 ** 18;
/** Resolution of coarse clocks, ms. */
const RESOLUTION_MS = 1;

/** The variation of both directions. */
export interface VariationByDirection {
  readonly up: DelayVariation;
  readonly down: DelayVariation;
}

/**
 * The last exchanges of a session by sequence number. Differences need no synchronised clocks. They do need clocks that
 * are not set in between, so a pair is left out if its difference exceeds both round trips: no path causes that.
 */
export class ExchangeSeries {
  readonly #mask: number;
  readonly #sequence: Float64Array;
  readonly #up: Float64Array;
  readonly #down: Float64Array;
  #latest = -1;

  /** @param slots number of exchanges that are kept, a power of two */
  constructor(slots: number) {
    const kept = Math.min(slots, MAX_KEPT);
    this.#mask = kept - 1;
    this.#sequence = new Float64Array(kept).fill(-1);
    this.#up = new Float64Array(kept).fill(0);
    this.#down = new Float64Array(kept).fill(0);
  }

  /** Adds the exchange of the packet `sequence`: T2 - T1 and T4 - T3 in ms. Call once for each packet. */
  add(sequence: number, up: number, down: number, variation: VariationByDirection): void {
    const slot = sequence & this.#mask;
    this.#sequence[slot] = sequence;
    this.#up[slot] = up;
    this.#down[slot] = down;
    const { up: upstream, down: downstream } = variation;
    if (this.#isComparable(this.#latest, sequence)) {
      upstream.follow(this.#change(this.#up, this.#latest, sequence));
      downstream.follow(this.#change(this.#down, this.#latest, sequence));
    }
    this.#record(sequence - 1, variation);
    this.#record(sequence, variation);
    this.#latest = sequence;
  }

  /** Records the change from an exchange to the one sent after it, if both are known. */
  #record(first: number, variation: VariationByDirection): void {
    if (!this.#isComparable(first, first + 1)) return;
    variation.up.record(this.#change(this.#up, first, first + 1));
    variation.down.record(this.#change(this.#down, first, first + 1));
  }

  #change(delays: Float64Array, from: number, to: number): number {
    return (delays[to & this.#mask] ?? 0) - (delays[from & this.#mask] ?? 0);
  }

  #roundTrip(sequence: number): number {
    const slot = sequence & this.#mask;
    return (this.#up[slot] ?? 0) + (this.#down[slot] ?? 0);
  }

  /** Whether both exchanges are kept, and no clock was set by more than their round trips in between. */
  #isComparable(first: number, second: number): boolean {
    if (first < 0 || this.#sequence[first & this.#mask] !== first) return false;
    if (this.#sequence[second & this.#mask] !== second) return false;
    const longest = Math.max(this.#roundTrip(first), this.#roundTrip(second), 0) + RESOLUTION_MS;
    return (
      Math.abs(this.#change(this.#up, first, second)) <= longest &&
      Math.abs(this.#change(this.#down, first, second)) <= longest
    );
  }
}
