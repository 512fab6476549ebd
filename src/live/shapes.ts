/** The shapes that the live routes answer with, for the lab that writes them and the page that reads them. */
import type { Protocol } from "../base/protocol.ts";
import type { PacketEntry } from "../reflector/packet-log.ts";

/** What the lab remembers of each second of each protocol, in the order in which it is kept. */
export const SERIES = ["packets", "drops", "mean", "p50", "p99", "connections", "received", "sent"] as const;

/**
 * `packets`, `received` and `sent` are rates (1/s, octets/s), `drops` is the share of packets that got no answer,
 * `mean`, `p50` and `p99` are response times in s (the percentiles interpolated in the buckets), `connections` are
 * those open at the end of the second.
 */
export type SeriesName = (typeof SERIES)[number];

/** One second of one protocol; null where there was nothing to measure. */
export type Second = Readonly<Record<SeriesName, number | null>>;

/** A change of the faults, for a marker on the time axis. */
export interface Mark {
  /** Seconds since the lab's start. */
  readonly seconds: number;
  readonly protocol: Protocol;
  /** The faults from then on, as text. */
  readonly text: string;
}

/** What happened since the faults of a protocol were last changed: what was injected beside what was measured. */
export interface SinceChange {
  readonly seconds: number;
  readonly packets: number;
  readonly dropped: number;
  readonly answered: number;
  /** Mean response time in s; null where nothing was answered. */
  readonly mean: number | null;
  /** Faults injected, by `kind/direction`; those that were not are left out. */
  readonly injected: Readonly<Record<string, number>>;
}

/** The numbers of one protocol, now. */
export interface ProtocolNow {
  readonly second: Second;
  readonly totals: { readonly packets: number; readonly dropped: number };
  readonly faults: { readonly text: string; readonly changes: number };
  readonly since: SinceChange;
}

/** The packets of the last second, as far as they were sampled. */
export interface Flow {
  readonly packets: readonly PacketEntry[];
  /** Packets that passed and are not shown. */
  readonly leftOut: number;
}

/** One second of the lab, as the live stream tells it. */
export interface Snapshot {
  /** Another value after each start of the lab. */
  readonly lab: string;
  /** Whole seconds since that start; the next snapshot has the next number, unless the process slept. */
  readonly seconds: number;
  /** Wall clock at that second, ms since the Unix epoch. */
  readonly at: number;
  readonly protocols: Readonly<Record<Protocol, ProtocolNow>>;
  /** Changes of the faults since the snapshot before. */
  readonly marks: readonly Mark[];
  readonly flow: Flow;
  /** Grows when the list of kept runs changes. */
  readonly runsVersion: number;
}

/** The last quarter of an hour, as `GET /history` tells it. */
export interface HistoryDump {
  readonly lab: string;
  readonly version: string;
  /** Second and wall clock (ms) of the last entry of each series; entries are a second apart. */
  readonly seconds: number;
  readonly at: number;
  /** How many seconds are kept at most. */
  readonly span: number;
  readonly series: Readonly<Record<Protocol, Readonly<Record<SeriesName, readonly (number | null)[]>>>>;
  readonly marks: readonly Mark[];
  readonly flow: Flow;
}
