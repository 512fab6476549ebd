/** Shapes of the responses of the live routes, shared by the lab and the page. */
import type { Protocol } from "../base/protocol.ts";
import type { Direction } from "../faults/faults.ts";
import type { Transport } from "../faults/link-faults.ts";
import type { Reading, SinceChange } from "../metrics/delta.ts";
import type { RelayAmount } from "../metrics/relay-counters.ts";
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

/** The last second of one direction of a relay: rates (1/s, octets/s), and the time that the relay added, s. */
export interface RelaySecond {
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  /** Packets, and octets, that were lost; on TCP octets only. */
  readonly dropped: number;
  readonly droppedBytes: number;
  /** Null without packets. */
  readonly added: { readonly mean: number | null; readonly p50: number | null; readonly p99: number | null };
}

/** What happened in one direction since the relay's faults were last changed. */
export interface RelaySince extends Readonly<Record<Exclude<RelayAmount, "waiting" | "waitingBytes">, number>> {
  /** Mean of the time that the relay added, s; null without packets. */
  readonly added: number | null;
  /** Mean of the time in the queue in front of a rate and on the link, s; null without a rate or packets. */
  readonly queued: number | null;
  /** Packets lost by reason, and those changed by fault, without those that there were none of. On TCP, reasons count how often octets were lost. */
  readonly drops: Reading;
  /** Octets lost by reason. */
  readonly dropBytes: Reading;
  readonly effects: Reading;
}

/** The current values of one direction of a relay: in + copies = out + dropped + waiting. */
export interface RelayWay {
  readonly second: RelaySecond;
  /** Since the start of the relay, and what waits in it now. On TCP, octets are exact and packets are parts of the stream. */
  readonly totals: Readonly<Record<RelayAmount, number>>;
  readonly since: RelaySince;
}

/** A relay without its traffic. */
export interface RelayHead {
  readonly name: string;
  readonly protocol: Transport;
  /** The address and port on which it listens. */
  readonly listen: string;
  /** The host and port behind it; empty for viewers who may not change the lab. */
  readonly upstream: string;
  /** The current address of the upstream; null while its name has none, empty as `upstream` is. */
  readonly address: string | null;
  /** `seconds`: since the last change, or since the start of the relay. */
  readonly faults: { readonly text: string; readonly changes: number; readonly seconds: number };
  /** Open connections (TCP) or flows (UDP), and how often there were too many. */
  readonly open: number;
  readonly limit: number;
  readonly overflows: number;
  /** How often the upstream could not be reached, by reason, without those that did not occur. */
  readonly upstreamErrors: Reading;
}

/** The current values of one relay. */
export interface RelayNow extends RelayHead, Readonly<Record<Direction, RelayWay>> {}

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
  /** In the order in which they were made. */
  readonly relays: readonly RelayNow[];
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
