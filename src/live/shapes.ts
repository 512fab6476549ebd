/** Shapes of the responses of the live routes, shared by the lab and the page. */
import type { Protocol } from "../base/protocol.ts";
import type { SinceChange } from "../metrics/delta.ts";
import type { PacketEntry } from "../reflector/packet-log.ts";

export type { PacketEntry };

/** The series kept for each protocol. */
export const SERIES = ["packets", "drops", "mean", "p50", "p95", "p99", "connections", "received", "sent"] as const;

/**
 * `packets`, `received` and `sent` are rates (1/s, octets/s), `drops` is the ratio of packets without a response,
 * `mean`, `p50`, `p95` and `p99` are response times in s (percentiles interpolated within the buckets), `connections` are those
 * open at the end of the second.
 */
export type SeriesName = (typeof SERIES)[number];

/** One second of one protocol; null where nothing was measured. */
export type Second = Readonly<Record<SeriesName, number | null>>;

/** A change of the faults, shown as a marker on the time axis. */
export interface Mark {
  /** Seconds since the lab's start. */
  readonly seconds: number;
  readonly protocol: Protocol;
  /** The faults from then on, as text. */
  readonly text: string;
}

/** The current values of one protocol. */
export interface ProtocolNow {
  readonly second: Second;
  readonly totals: { readonly packets: number; readonly dropped: number };
  readonly faults: { readonly text: string; readonly changes: number };
  readonly since: SinceChange;
}

/** A sample of the packets of the last second. */
export interface PacketSample {
  readonly packets: readonly PacketEntry[];
  /** Packets that the sample leaves out. */
  readonly leftOut: number;
}

/** One second of the lab: the `snapshot` event of the live stream. */
export interface LiveSnapshot {
  /** Identifies the process: another value after each start of the lab. */
  readonly lab: string;
  /** Whole seconds since that start; consecutive unless the process was paused. */
  readonly seconds: number;
  /** Wall clock at that second, ms since the Unix epoch. */
  readonly at: number;
  /** Of each protocol that the lab serves. */
  readonly protocols: Readonly<Partial<Record<Protocol, ProtocolNow>>>;
  /** Fault changes since the previous snapshot. */
  readonly marks: readonly Mark[];
  readonly flow: PacketSample;
  /** Changes whenever the list of kept runs changes. */
  readonly runsVersion: number;
  /** The `version` of the state of the run in progress or of the last one; 0 before the first. */
  readonly runVersion: number;
}

/** The history: the response of `GET /history`. */
export interface HistoryDump {
  readonly lab: string;
  readonly version: string;
  /** Second and wall clock (ms) of the last entry of each series; entries are one second apart. */
  readonly seconds: number;
  readonly at: number;
  /** Most seconds that are kept. */
  readonly span: number;
  /** Of each protocol that the lab serves. */
  readonly series: Readonly<Partial<Record<Protocol, Readonly<Record<SeriesName, readonly (number | null)[]>>>>>;
  readonly marks: readonly Mark[];
  readonly flow: PacketSample;
}
