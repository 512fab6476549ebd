/** The clock offset of the exchange with the shortest round trip (RFC 5905 section 8), for a run and for its halves. */

/** The target's clock against this machine's. */
export interface ClockOffset {
  /** By how much the target's clock is ahead, s. */
  readonly seconds: number;
  /** Largest error of the offset, s: half of the round trip, the case in which one direction took all of it. */
  readonly error: number;
}

interface Best {
  readonly roundTrip: number;
  readonly offset: number;
}

/** Spans of time of which the best exchange is kept. */
const SPANS = 64;
/** Length of a span at the start of a run, ms. It doubles when the run has filled all spans. */
const FIRST_SPAN_MS = 1;
/** Resolution of a timestamp that is a double of ms, with that of its NTP form, ms. */
const RESOLUTION_MS = 0.001;
/** Error of timestamps that are so coarse that the round trip is negative, ms. */
const COARSE_MS = 1;

function offsetOf({ roundTrip, offset }: Best): ClockOffset {
  const error = roundTrip < 0 ? COARSE_MS : roundTrip / 2 + RESOLUTION_MS;
  return { seconds: offset / 1000, error: error / 1000 };
}

function better(one: Best | undefined, other: Best | undefined): Best | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.roundTrip < one.roundTrip ? other : one;
}

/** Keeps the best exchange of each of 64 spans of the run, in fixed memory for a run of any length. */
export class BestExchanges {
  #spans: (Best | undefined)[] = [];
  #spanMs = FIRST_SPAN_MS;
  #startedAt: number | undefined;

  /** Adds an exchange: send time, round trip without the time in the target, and clock offset, ms. */
  add(sentAt: number, roundTrip: number, offset: number): void {
    this.#startedAt ??= sentAt;
    const elapsed = Math.max(0, sentAt - this.#startedAt);
    while (elapsed >= SPANS * this.#spanMs) this.#halve();
    const span = Math.floor(elapsed / this.#spanMs);
    const best = this.#spans[span];
    if (best === undefined || roundTrip < best.roundTrip) this.#spans[span] = { roundTrip, offset };
  }

  #halve(): void {
    const spans = this.#spans;
    this.#spans = [];
    for (let span = 0; span < spans.length; span += 2) this.#spans.push(better(spans[span], spans[span + 1]));
    this.#spanMs *= 2;
  }

  #bestOf(from: number, to: number): ClockOffset | undefined {
    let best: Best | undefined;
    for (let span = from; span < to; span++) best = better(best, this.#spans[span]);
    return best && offsetOf(best);
  }

  /** The offset of the whole run; undefined without exchanges. */
  get whole(): ClockOffset | undefined {
    return this.#bestOf(0, this.#spans.length);
  }

  /** The offsets of the first and the second half; undefined if one of them has no exchange. */
  get halves(): readonly [first: ClockOffset, second: ClockOffset] | undefined {
    const middle = Math.ceil(this.#spans.length / 2);
    const first = this.#bestOf(0, middle);
    const second = this.#bestOf(middle, this.#spans.length);
    return first && second && [first, second];
  }
}
