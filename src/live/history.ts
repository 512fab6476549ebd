/**
 * The lab's own memory of the last quarter of an hour, a second at a time: what the page draws when it is opened.
 * Its time is monotonic, so that a wall clock that is set moves the labels of the axis and never the data.
 */
import { PROTOCOLS, type Protocol } from "../base/protocol.ts";
import type { Metrics, Traffic } from "../metrics/counters.ts";
import { type Baseline, baseline, sinceBaseline } from "../metrics/delta.ts";
import { bucketQuantile } from "../metrics/quantile.ts";
import { type Mark, SERIES, type Second, type SeriesName, type SinceChange } from "./shapes.ts";

/** How many seconds are kept. */
export const HISTORY_SECONDS = 900;
/** A pulse that comes this many seconds late on a busy machine speaks for them too; after more, the process slept. */
const MOST_SPREAD = 2;
/** How many changes of the faults are kept. */
const MOST_MARKS = 200;

/** Connections open now, by protocol; undefined where the protocol has none. */
export type ConnectionCounter = (protocol: Protocol) => number | undefined;

/** Three digits are what a chart shows; more only make the answer longer. NaN stays. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** NaN, which JSON does not know, as null. */
function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** Reads one protocol's counters once a second and keeps what they gained. */
class ProtocolHistory {
  readonly #columns: Readonly<Record<SeriesName, Float64Array>>;
  readonly #lastCounts: Float64Array;
  readonly #gained: Float64Array;
  #last = { packets: 0, dropped: 0, received: 0, sent: 0, sum: 0, count: 0 };

  constructor(
    private readonly traffic: Traffic,
    private readonly length: number,
  ) {
    const column = () => new Float64Array(length).fill(Number.NaN);
    this.#columns = {
      packets: column(),
      drops: column(),
      mean: column(),
      p50: column(),
      p99: column(),
      connections: column(),
      received: column(),
      sent: column(),
    };
    this.#lastCounts = new Float64Array(traffic.responseTime.counts.length);
    this.#gained = new Float64Array(traffic.responseTime.counts.length);
  }

  /** Writes into slot `at` what happened in the last `elapsed` seconds. */
  sample(at: number, elapsed: number, connections: number | undefined): void {
    const { packets, dropped, receivedBytes: received, sentBytes: sent, responseTime } = this.traffic;
    const { sum, count, counts, bounds } = responseTime;
    const last = this.#last;
    this.#last = { packets, dropped, received, sent, sum, count };
    for (let i = 0; i < counts.length; i++) {
      this.#gained[i] = (counts[i] ?? 0) - (this.#lastCounts[i] ?? 0);
      this.#lastCounts[i] = counts[i] ?? 0;
    }
    const came = packets - last.packets;
    const put = (name: SeriesName, value: number) => {
      this.#columns[name][at] = rounded(value);
    };
    put("packets", came / elapsed);
    // A packet that waited is dropped in a later second than it came: the share of that second can pass 1 then.
    put("drops", came === 0 ? Number.NaN : Math.min(1, (dropped - last.dropped) / came));
    put("mean", (sum - last.sum) / (count - last.count));
    put("p50", bucketQuantile(this.#gained, bounds, 0.5));
    put("p99", bucketQuantile(this.#gained, bounds, 0.99));
    put("connections", connections ?? Number.NaN);
    put("received", (received - last.received) / elapsed);
    put("sent", (sent - last.sent) / elapsed);
  }

  /** Has slot `to` hold what slot `from` holds. */
  repeat(from: number, to: number): void {
    for (const name of SERIES) this.#columns[name][to] = this.#columns[name][from] ?? Number.NaN;
  }

  clear(at: number): void {
    for (const name of SERIES) this.#columns[name][at] = Number.NaN;
  }

  second(at: number): Second {
    const value = (name: SeriesName) => orNull(this.#columns[name][at]);
    return {
      packets: value("packets"),
      drops: value("drops"),
      mean: value("mean"),
      p50: value("p50"),
      p99: value("p99"),
      connections: value("connections"),
      received: value("received"),
      sent: value("sent"),
    };
  }

  /** A series from second `from` up to and with `to`. */
  read(name: SeriesName, from: number, to: number): (number | null)[] {
    const column = this.#columns[name];
    return Array.from({ length: to - from + 1 }, (_, i) => orNull(column[(from + i) % this.length]));
  }
}

/** The history of the three protocols. Moments are monotonic, in ms. */
export class History {
  /** The last whole second that was sampled, counted from the start. */
  seconds = 0;
  /** How often faults were changed since the start. */
  marked = 0;
  readonly span: number;
  readonly #protocols: Readonly<Record<Protocol, ProtocolHistory>>;
  readonly #baselines: Record<Protocol, Baseline>;
  readonly #marks: Mark[] = [];
  readonly #texts: Record<Protocol, string>;
  #sampledAt: number;

  constructor(
    private readonly metrics: Metrics,
    private readonly startedAt: number,
    /** The faults at the start, as text. */
    texts: Readonly<Record<Protocol, string>>,
    span = HISTORY_SECONDS,
  ) {
    this.#texts = { ...texts };
    const { http, tcp, udp } = metrics.traffic;
    this.span = span;
    this.#sampledAt = startedAt;
    const make = (traffic: Traffic) => new ProtocolHistory(traffic, span);
    this.#protocols = { http: make(http), tcp: make(tcp), udp: make(udp) };
    this.#baselines = {
      http: baseline(http, startedAt),
      tcp: baseline(tcp, startedAt),
      udp: baseline(udp, startedAt),
    };
  }

  /**
   * Takes in what happened since the last call. Called about once a second; false where the same second was sampled
   * already. A pulse that comes late speaks for the seconds before it, too; those that the process slept over stay empty.
   */
  sample(now: number, connections: ConnectionCounter): boolean {
    const second = Math.round((now - this.startedAt) / 1000);
    if (second <= this.seconds) return false;
    const skipped = Math.min(second - this.seconds, this.span) - 1;
    const elapsed = (now - this.#sampledAt) / 1000;
    for (const protocol of PROTOCOLS) {
      const history = this.#protocols[protocol];
      history.sample(second % this.span, elapsed, connections(protocol));
      for (let i = 1; i <= skipped; i++) {
        const slot = (second - i + this.span) % this.span;
        if (skipped <= MOST_SPREAD) history.repeat(second % this.span, slot);
        else history.clear(slot);
      }
    }
    this.seconds = second;
    this.#sampledAt = now;
    return true;
  }

  /** Marks that the faults of `protocol` are `text` from `now` on; the same text again changes nothing. */
  mark(protocol: Protocol, text: string, now: number): void {
    if (this.#texts[protocol] === text) return;
    this.#texts[protocol] = text;
    const traffic = this.metrics.traffic[protocol];
    this.#marks.push({ seconds: Math.round(now - this.startedAt) / 1000, protocol, text });
    this.marked++;
    if (this.#marks.length > MOST_MARKS) this.#marks.shift();
    this.#baselines[protocol] = baseline(traffic, now);
  }

  /** The changes of the faults that are kept, the oldest first; only those after the first `from` where it is given. */
  marks(from = 0): Mark[] {
    const forgotten = this.marked - this.#marks.length;
    return this.#marks.slice(Math.max(0, from - forgotten));
  }

  /** The last second of one protocol. */
  second(protocol: Protocol): Second {
    return this.#protocols[protocol].second(this.seconds % this.span);
  }

  /** What happened to `protocol` since its faults were changed, or since the start. */
  since(protocol: Protocol, now: number): SinceChange {
    return sinceBaseline(this.metrics.traffic[protocol], this.#baselines[protocol], now);
  }

  /** Every series of one protocol, as far back as the lab remembers. */
  series(protocol: Protocol): Record<SeriesName, (number | null)[]> {
    const from = Math.max(1, this.seconds - this.span + 1);
    const read = (name: SeriesName) => this.#protocols[protocol].read(name, from, this.seconds);
    return {
      packets: read("packets"),
      drops: read("drops"),
      mean: read("mean"),
      p50: read("p50"),
      p99: read("p99"),
      connections: read("connections"),
      received: read("received"),
      sent: read("sent"),
    };
  }
}
