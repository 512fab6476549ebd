/** Differences of counters between two readings. */
import type { Tally, Traffic } from "./counters.ts";

/** The values of named counters at one time. */
export type Reading<Name extends string = string> = Readonly<Record<Name, number>>;

/** What each counter gained from `before` to `now`; a counter that `before` lacks started at 0. */
export function difference<Name extends string>(now: Reading<Name>, before: Reading<Name>): Record<Name, number> {
  const names = Object.keys(now) as Name[]; // the keys of a record are its names
  return Object.fromEntries(names.map((name) => [name, now[name] - (before[name] ?? 0)])) as Record<Name, number>;
}

/** A function that returns what the counters gained since its previous call, at first since now. */
export function deltaOf<Name extends string>(read: () => Reading<Name>): () => Record<Name, number> {
  let before = read();
  return () => {
    const now = read();
    const gained = difference(now, before);
    before = now;
    return gained;
  };
}

/** The counters of a protocol; `sum` (s) and `count` are those of its response times. */
export function readTraffic({ packets, dropped, receivedBytes, sentBytes, responseTime }: Traffic) {
  const { sum, count } = responseTime;
  return { packets, dropped, received: receivedBytes, sent: sentBytes, sum, count };
}

/**
 * The part of an interval's packets that got no response, 0 to 1; NaN without packets. A delayed packet can be dropped in
 * a later interval than it was received: an interval in which more packets ended than arrived is judged by those.
 */
export function dropRatio({
  packets,
  dropped,
  count,
}: Pick<ReturnType<typeof readTraffic>, "packets" | "dropped" | "count">): number {
  return dropped / Math.max(packets, dropped + count);
}

/** The counts of a set of counters by their names. */
export function readTally<Name extends string>(tally: Tally<Name>): Reading {
  return Object.fromEntries(tally.names.map((name) => [name, tally.get(name)]));
}

/** Those of the numbers that are not 0. */
export function withoutZeros(reading: Reading): Reading {
  return Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== 0));
}

/** The counters of a protocol at the time at which its faults were changed. */
export interface Baseline {
  /** Monotonic, ms. */
  readonly at: number;
  readonly traffic: ReturnType<typeof readTraffic>;
  readonly injected: Reading;
}

/** Measured and injected since the faults of a protocol were last changed. */
export interface SinceChange {
  readonly seconds: number;
  readonly packets: number;
  readonly dropped: number;
  readonly answered: number;
  /** Mean response time in s; null without answered packets. */
  readonly mean: number | null;
  /** Injected faults by `kind/direction`, without those that were not injected. */
  readonly injected: Reading;
}

/** The counters at the monotonic time `at`, ms. */
export function baseline(traffic: Traffic, at: number): Baseline {
  return { at, traffic: readTraffic(traffic), injected: readTally(traffic.injected) };
}

/** What the counters gained from `from` to the monotonic time `now`, ms. */
export function sinceBaseline(traffic: Traffic, from: Baseline, now: number): SinceChange {
  const { packets, dropped, sum, count } = difference(readTraffic(traffic), from.traffic);
  return {
    seconds: Math.round((now - from.at) / 1000),
    packets,
    dropped,
    answered: count,
    mean: count === 0 ? null : sum / count,
    injected: withoutZeros(difference(readTally(traffic.injected), from.injected)),
  };
}
