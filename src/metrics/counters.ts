/**
 * The shared metrics module: every number of the lab. What a packet touches are plain fields and typed arrays, a few
 * nanoseconds each; exposition.ts reads them through prom-client when somebody scrapes.
 */

import type { Protocol } from "../base/protocol.ts";
import { DIRECTIONS_OF, type Direction, KINDS_OF, type Kind } from "../faults/faults.ts";

/** Why a packet got no answer. */
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
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Why an input was refused, by the protocol it came over. */
export const REJECT_REASONS = {
  http: ["bad-request", "not-json", "too-large", "too-slow", "not-found", "forbidden", "failed"],
  tcp: ["bad-length", "cut-frame", "not-stamp", "idle", "slow-reader", "connection-limit", "failed"],
  udp: ["source-refused", "own-reply", "not-stamp", "peer-gone", "failed"],
} as const satisfies Readonly<Record<Protocol, readonly string[]>>;
export type RejectReason<P extends Protocol = Protocol> = (typeof REJECT_REASONS)[P][number];

/** Upper bounds of the response-time buckets, in seconds: 10 µs to 10 s. */
export const RESPONSE_BUCKETS: readonly number[] = [
  10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5,
  10,
];
/** Upper bounds of the event-loop lag's buckets, in seconds. */
const LAG_BUCKETS: readonly number[] = [1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1];

/** The structures whose size is bounded by configuration, never by traffic. */
export const STRUCTURES = ["sessions", "delay-queue", "tcp-connections", "packet-log", "viewers"] as const;
export type Structure = (typeof STRUCTURES)[number];

/** A histogram's numbers: counts by bucket (the last is over every bound), their sum and their count. */
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

/** Named counters in one typed array; names outside of the closed set cannot be counted. */
export class Tally<Name extends string> {
  readonly #index: ReadonlyMap<Name, number>;
  readonly #cells: Float64Array;
  constructor(readonly names: readonly Name[]) {
    this.#index = new Map(names.map((name, index) => [name, index]));
    this.#cells = new Float64Array(names.length);
  }

  /** Counts one more; a name that is not of the set is a mistake of the caller, and throws. */
  add(name: Name): void {
    const index = this.#index.get(name);
    if (index === undefined) throw new RangeError(`no counter named ${name}`);
    this.#cells[index] = (this.#cells[index] ?? 0) + 1;
  }

  /** How often `name` was counted; 0 for a name that is not of the set. */
  get(name: Name): number {
    const index = this.#index.get(name);
    return index === undefined ? 0 : (this.#cells[index] ?? 0);
  }
}

/** What is counted of one protocol. The packet path adds to the fields itself. */
export class Traffic {
  packets = 0;
  dropped = 0;
  receivedBytes = 0;
  sentBytes = 0;
  connections = 0;
  readonly responseTime = new Distribution(RESPONSE_BUCKETS);
  readonly drops = new Tally<DropReason>(DROP_REASONS);
  /** Refused input by reason; the set is that of the protocol (REJECT_REASONS). */
  readonly rejects: Tally<RejectReason>;
  readonly injected: Tally<`${Kind}/${Direction}`>;
  /** Changes of the protocol's faults at run time. */
  impairmentChanges = 0;

  constructor(readonly protocol: Protocol) {
    this.rejects = new Tally<RejectReason>(REJECT_REASONS[protocol]);
    this.injected = new Tally(
      KINDS_OF[protocol].flatMap((kind) => DIRECTIONS_OF[kind].map((way) => `${kind}/${way}` as const)),
    );
  }

  received(bytes: number): void {
    this.packets++;
    this.receivedBytes += bytes;
  }

  /** `seconds` from the moment the handler had the packet to the moment its answer went to the kernel. */
  answered(bytes: number, seconds: number): void {
    this.sentBytes += bytes;
    this.responseTime.observe(seconds);
  }

  drop(reason: DropReason): void {
    this.dropped++;
    this.drops.add(reason);
  }
}

/** The lab's numbers: written on the packet's way, read by `/metrics`, the page and the log. */
export interface Metrics {
  readonly traffic: Readonly<Record<Protocol, Traffic>>;
  /** How late the event loop's timer fires, in seconds. */
  readonly eventLoopLag: Distribution;
}

/** Every number at zero. */
export function createMetrics(): Metrics {
  return {
    traffic: { http: new Traffic("http"), tcp: new Traffic("tcp"), udp: new Traffic("udp") },
    eventLoopLag: new Distribution(LAG_BUCKETS),
  };
}
