/** Delay variation of one path: IPDV by order of sending, jitter by order of arrival. */
import { Histogram } from "../histograms/histogram.ts";

/** The differences of delays from packet to packet, passed in ms. */
export class DelayVariation {
  /** Absolute IPDV (RFC 3393). */
  readonly absolute = new Histogram();
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;
  #smoothed = 0;
  #changes = 0;
  #changed = 0;

  /** Records the IPDV of two packets with consecutive numbers: the delay of the second less that of the first, ms. */
  record(difference: number): void {
    this.absolute.record(Math.abs(difference));
    if (difference < this.#least) this.#least = difference;
    if (difference > this.#most) this.#most = difference;
  }

  /** Updates the jitter with the signed change of the delay from one arrival to the next, ms. */
  follow(change: number): void {
    const size = Math.abs(change);
    this.#smoothed += (size - this.#smoothed) / 16;
    this.#changes++;
    this.#changed += size;
  }

  /** Smallest signed IPDV, s. This and the next three are undefined without differences. */
  get min(): number | undefined {
    return this.absolute.count === 0 ? undefined : this.#least / 1000;
  }

  /** Largest signed IPDV, s. */
  get max(): number | undefined {
    return this.absolute.count === 0 ? undefined : this.#most / 1000;
  }

  /** Smoothed jitter after the last answer, s: J += (|D| - J) / 16 (RFC 3550 section 6.4.1). */
  get lastJitter(): number | undefined {
    return this.#changes === 0 ? undefined : this.#smoothed / 1000;
  }

  /** Mean jitter of the run, s: the mean of |D|, which is the mean of J without the effect of its start at 0. */
  get meanJitter(): number | undefined {
    return this.#changes === 0 ? undefined : this.#changed / this.#changes / 1000;
  }
}
