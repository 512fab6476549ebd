/**
 * The counters of the hot path: plain fields and typed arrays, a few nanoseconds an update. `prometheus.ts` reads them
 * through prom-client at a scrape.
 */
import { byProtocol, bySecureProtocol, type Protocol, REGISTRY, type SecureProtocol } from "../base/protocol.ts";
import { DIRECTIONS_OF, type Direction, KINDS_OF, type Kind } from "../faults/faults.ts";

/** Reasons for which a packet got no response. */
export const DROP_REASONS = [
  "fault-up",
  "fault-down",
  "fault-reset",
  "queue-full",
  "source-refused",
  "own-reply",
  "not-stamp",
  "send-failed",
  "peer-gone",
  "failed",
] as const;
/** One of DROP_REASONS. */
export type DropReason = (typeof DROP_REASONS)[number];

/** Reasons for which input of a protocol is rejected; all protocols' reasons together without an argument. */
export type RejectReason<P extends Protocol = Protocol> = (typeof REGISTRY)[P]["rejects"][number];

/** Results of a handshake: `refused` is a connection over a limit, `failed` one that ended for any other reason. */
export const HANDSHAKE_RESULTS = ["ok", "failed", "timeout", "refused"] as const;
/** One of HANDSHAKE_RESULTS. */
export type HandshakeResult = (typeof HANDSHAKE_RESULTS)[number];

/** Upper bounds of the response-time buckets, in seconds: 10 µs to 10 s. */
export const RESPONSE_BUCKETS: readonly number[] = [
  10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5,
  10,
];
/** Upper bounds of the handshake-time buckets, in seconds: 250 µs to 10 s. */
export const HANDSHAKE_BUCKETS: readonly number[] = RESPONSE_BUCKETS.filter((bound) => bound >= 250e-6);
/** Upper bounds of the event-loop lag buckets, in seconds. */
const LAG_BUCKETS: readonly number[] = [1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1];

/** A histogram: counts per bucket (the last is above every bound), sum and count. */
export class Distribution {
  readonly counts: Float64Array;
  sum = 0;
  count = 0;
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let low = 0;
    let high = this.bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= (this.bounds[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    this.counts[low] = (this.counts[low] ?? 0) + 1;
    this.sum += value;
    this.count++;
  }
}

/** A closed set of named counters in one typed array. */
export class Tally<Name extends string> {
  readonly #index: ReadonlyMap<Name, number>;
  readonly #cells: Float64Array;
  constructor(readonly names: readonly Name[]) {
    this.#index = new Map(names.map((name, index) => [name, index]));
    this.#cells = new Float64Array(names.length);
  }

  /** Adds `amount`. Throws RangeError for a name outside the set. */
  add(name: Name, amount = 1): void {
    const index = this.#index.get(name);
    if (index === undefined) throw new RangeError(`no counter named ${name}`);
    this.#cells[index] = (this.#cells[index] ?? 0) + amount;
  }

  /** The count of `name`; 0 for a name outside the set. */
  get(name: Name): number {
    const index = this.#index.get(name);
    return index === undefined ? 0 : (this.#cells[index] ?? 0);
  }
}

/** The counters of one protocol. The packet path writes to the fields directly. */
export class Traffic {
  packets = 0;
  dropped = 0;
  receivedBytes = 0;
  sentBytes = 0;
  connections = 0;
  readonly responseTime = new Distribution(RESPONSE_BUCKETS);
  readonly drops = new Tally<DropReason>(DROP_REASONS);
  /** Rejected input by reason; the set is that of the protocol's registry entry. */
  readonly rejects: Tally<RejectReason>;
  /** Injected faults by `kind/direction`. */
  readonly injected: Tally<`${Kind}/${Direction}`>;
  /** Changes of the protocol's faults at run time. */
  impairmentChanges = 0;

  constructor(readonly protocol: Protocol) {
    this.rejects = new Tally<RejectReason>(REGISTRY[protocol].rejects);
    this.injected = new Tally(
      KINDS_OF[protocol].flatMap((kind) => DIRECTIONS_OF[kind].map((direction) => `${kind}/${direction}` as const)),
    );
  }

  received(bytes: number): void {
    this.packets++;
    this.receivedBytes += bytes;
  }

  /** `seconds`: from the time the handler received the packet to the time its response was passed to the kernel. */
  answered(bytes: number, seconds: number): void {
    this.sentBytes += bytes;
    this.responseTime.observe(seconds);
  }

  drop(reason: DropReason): void {
    this.dropped++;
    this.drops.add(reason);
  }

  inject(kind: Kind, direction: Direction): void {
    this.injected.add(`${kind}/${direction}`);
  }
}

/** The handshakes of one protocol: TLS, or QUIC with TLS in it. */
export class Handshakes {
  readonly results = new Tally<HandshakeResult>(HANDSHAKE_RESULTS);
  /** Times of completed handshakes, in seconds. */
  readonly time = new Distribution(HANDSHAKE_BUCKETS);

  /** `seconds`: from the time the connection was accepted to the end of the handshake. */
  ok(seconds: number): void {
    this.results.add("ok");
    this.time.observe(seconds);
  }

  failed(reason: Exclude<HandshakeResult, "ok">): void {
    this.results.add(reason);
  }
}

/** All counters of one lab: written by the packet path, read by `/metrics`, the page and the log. */
export interface Metrics {
  readonly traffic: Readonly<Record<Protocol, Traffic>>;
  /** Counted by the listeners to which the runtime reports handshakes. */
  readonly handshakes: Readonly<Record<SecureProtocol, Handshakes>>;
  /** Lateness of the event loop's timer, in seconds. */
  readonly eventLoopLag: Distribution;
  /** Errors of the file of kept runs. */
  keptRunsErrors: number;
}

/** Counters that are all zero. */
export function createMetrics(): Metrics {
  return {
    traffic: byProtocol((protocol) => new Traffic(protocol)),
    handshakes: bySecureProtocol(() => new Handshakes()),
    eventLoopLag: new Distribution(LAG_BUCKETS),
    keptRunsErrors: 0,
  };
}
