/**
 * Keeps 15 minutes of per-second history, which the page loads when it opens. Times are monotonic, so that setting the
 * wall clock moves the labels of the time axis but not the data.
 */
import { type Protocol, protocolsOf } from "../base/protocol.ts";
import type { Metrics, Traffic } from "../metrics/counters.ts";
import {
  type Baseline,
  baseline,
  deltaOf,
  dropRatio,
  readTraffic,
  type SinceChange,
  sinceBaseline,
} from "../metrics/delta.ts";
import { bucketQuantile } from "../metrics/quantile.ts";
import { orNull, rounded } from "./numbers.ts";
import { type Mark, SERIES, type Second, type SeriesName } from "./shapes.ts";

/** Seconds kept. */
export const HISTORY_SECONDS = 900;
/** A sample that is up to this many seconds late is also stored for the seconds before it; otherwise they stay empty. */
const MOST_REPEATED = 2;
/** Fault changes kept. */
const MOST_MARKS = 200;

/** Connections open now; undefined for a protocol without connections. */
export type ConnectionCounter = (protocol: Protocol) => number | undefined;

/** A value for each series. */
function bySeries<Value>(make: (name: SeriesName) => Value): Record<SeriesName, Value> {
  // Has one entry for each series, as the type requires.
  return Object.fromEntries(SERIES.map((name) => [name, make(name)])) as Record<SeriesName, Value>;
}

/** The history of one protocol: a ring of seconds for each series. */
class ProtocolHistory {
  readonly #columns: Readonly<Record<SeriesName, Float64Array>>;
  readonly #gained: () => ReturnType<typeof readTraffic>;
  readonly #bucketsBefore: Float64Array;
  readonly #bucketsGained: Float64Array;

  constructor(
    private readonly traffic: Traffic,
    private readonly length: number,
  ) {
    this.#columns = bySeries(() => new Float64Array(length).fill(Number.NaN));
    this.#gained = deltaOf(() => readTraffic(traffic));
    this.#bucketsBefore = Float64Array.from(traffic.responseTime.counts);
    this.#bucketsGained = new Float64Array(traffic.responseTime.counts.length);
  }

  /** Stores the last `elapsed` seconds at index `at`. */
  sample(at: number, elapsed: number, connections: number | undefined): void {
    const { bounds } = this.traffic.responseTime;
    const { packets, dropped, received, sent, sum, count } = this.#gained();
    this.#readBuckets();
    const values: Readonly<Record<SeriesName, number>> = {
      packets: packets / elapsed,
      drops: dropRatio({ packets, dropped, count }),
      mean: sum / count,
      p50: bucketQuantile(this.#bucketsGained, bounds, 0.5),
      p95: bucketQuantile(this.#bucketsGained, bounds, 0.95),
      p99: bucketQuantile(this.#bucketsGained, bounds, 0.99),
      connections: connections ?? Number.NaN,
      received: received / elapsed,
      sent: sent / elapsed,
    };
    for (const name of SERIES) this.#columns[name][at] = rounded(values[name]);
  }

  #readBuckets(): void {
    const { counts } = this.traffic.responseTime;
    for (const [i, count] of counts.entries()) {
      this.#bucketsGained[i] = count - (this.#bucketsBefore[i] ?? 0);
      this.#bucketsBefore[i] = count;
    }
  }

  /** Copies the values at index `from` to index `to`. */
  repeat(from: number, to: number): void {
    for (const name of SERIES) this.#columns[name][to] = this.#columns[name][from] ?? Number.NaN;
  }

  clear(at: number): void {
    for (const name of SERIES) this.#columns[name][at] = Number.NaN;
  }

  second(at: number): Second {
    return bySeries((name) => orNull(this.#columns[name][at]));
  }

  /** A copy of every series from second `from` to second `to`, both included. */
  read(from: number, to: number): Record<SeriesName, Float64Array> {
    const start = from % this.length;
    const count = Math.max(0, to - from + 1);
    return bySeries((name) => {
      const copy = new Float64Array(count);
      const first = this.#columns[name].subarray(start, start + count);
      copy.set(first);
      copy.set(this.#columns[name].subarray(0, count - first.length), first.length);
      return copy;
    });
  }
}

/** What is kept for one protocol. */
interface Kept {
  readonly seconds: ProtocolHistory;
  /** The counters at the last change of its faults. */
  baseline: Baseline;
  /** Its faults as text. */
  text: string;
}

/** The history of every protocol that is served. Times are monotonic, in ms. */
export class History {
  /** The protocols that are kept, in the order of the registry. */
  readonly protocols: readonly Protocol[];
  /** The last second that was sampled, counted from the start. */
  seconds = 0;
  /** Number of fault changes since the start. */
  marked = 0;
  readonly #kept: ReadonlyMap<Protocol, Kept>;
  readonly #marks: Mark[] = [];
  #sampledAt: number;

  constructor(
    private readonly metrics: Metrics,
    private readonly startedAt: number,
    /** The faults of each served protocol at the start, as text. */
    texts: Readonly<Partial<Record<Protocol, string>>>,
    /** Seconds kept. */
    readonly span = HISTORY_SECONDS,
  ) {
    this.#sampledAt = startedAt;
    this.protocols = protocolsOf(texts);
    const keep = (protocol: Protocol): Kept => {
      const traffic = metrics.traffic[protocol];
      const text = texts[protocol] ?? "none";
      return { seconds: new ProtocolHistory(traffic, span), baseline: baseline(traffic, startedAt), text };
    };
    this.#kept = new Map(this.protocols.map((protocol) => [protocol, keep(protocol)]));
  }

  /**
   * Records what the counters gained since the previous call; called about once a second. Returns false if the current
   * second was sampled already. A late sample also fills the seconds before it; after a long pause they stay empty.
   */
  sample(now: number, connections: ConnectionCounter): boolean {
    const second = Math.round((now - this.startedAt) / 1000);
    if (second <= this.seconds) return false;
    const skipped = Math.min(second - this.seconds, this.span) - 1;
    const elapsed = (now - this.#sampledAt) / 1000;
    for (const [protocol, { seconds: history }] of this.#kept) {
      history.sample(second % this.span, elapsed, connections(protocol));
      for (let i = 1; i <= skipped; i++) {
        const slot = (second - i + this.span) % this.span;
        if (skipped <= MOST_REPEATED) history.repeat(second % this.span, slot);
        else history.clear(slot);
      }
    }
    this.seconds = second;
    this.#sampledAt = now;
    return true;
  }

  /** Records that the faults of `protocol` are `text` from `now` on; the same text again changes nothing. */
  mark(protocol: Protocol, text: string, now: number): void {
    const kept = this.#of(protocol);
    if (kept.text === text) return;
    kept.text = text;
    this.#marks.push({ seconds: Math.round(now - this.startedAt) / 1000, protocol, text });
    this.marked++;
    if (this.#marks.length > MOST_MARKS) this.#marks.shift();
    kept.baseline = baseline(this.metrics.traffic[protocol], now);
  }

  /** The fault changes that are kept, oldest first, without the first `from` since the start. */
  marks(from = 0): Mark[] {
    const discarded = this.marked - this.#marks.length;
    return this.#marks.slice(Math.max(0, from - discarded));
  }

  /** The last second of one protocol. */
  second(protocol: Protocol): Second {
    return this.#of(protocol).seconds.second(this.seconds % this.span);
  }

  /** Measured and injected since the faults of `protocol` were changed, or since the start. */
  since(protocol: Protocol, now: number): SinceChange {
    return sinceBaseline(this.metrics.traffic[protocol], this.#of(protocol).baseline, now);
  }

  /** Every series of one protocol, as far back as the history goes; NaN where nothing was measured. */
  series(protocol: Protocol): Record<SeriesName, Float64Array> {
    return this.#of(protocol).seconds.read(Math.max(1, this.seconds - this.span + 1), this.seconds);
  }

  #of(protocol: Protocol): Kept {
    const kept = this.#kept.get(protocol);
    if (!kept) throw new Error(`${protocol} is not in the history`);
    return kept;
  }
}
