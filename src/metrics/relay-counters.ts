/** The counters of a relay, as metrics and displays read them. */
import type { Bounded } from "../base/bounded.ts";
import type { Direction } from "../faults/faults.ts";
import type { LinkFaultsByDirection, Transport } from "../faults/link-faults.ts";
import type { Distribution, Tally } from "./counters.ts";
import { type Reading, readTally } from "./delta.ts";

/** The amounts of a direction that are plain numbers: in + copies = out + dropped + waiting, in octets, and on UDP in packets. */
export const RELAY_AMOUNTS = [
  "packetsIn",
  "bytesIn",
  "packetsOut",
  "bytesOut",
  "copies",
  "copiedBytes",
  "dropped",
  "droppedBytes",
  "waiting",
  "waitingBytes",
] as const;
/** One of RELAY_AMOUNTS. */
export type RelayAmount = (typeof RELAY_AMOUNTS)[number];

/** The counters of one direction. */
export interface DirectionCounters extends Readonly<Record<RelayAmount, number>> {
  /** Packets lost, by reason; on TCP how often octets were. */
  readonly drops: Tally<string>;
  readonly dropBytes: Tally<string>;
  /** Faults that change packets and do not lose them. */
  readonly effects: Tally<string>;
  /** Time from the receipt to the hand-over to the kernel, seconds. */
  readonly added: Distribution;
  /** Time in the queue in front of a rate and on the link, seconds. */
  readonly queued: Distribution;
}

/** A relay as metrics and displays read it. */
export interface RelayCounters {
  readonly route: {
    readonly name: string;
    readonly protocol: Transport;
    readonly listen: { readonly host: string };
    readonly upstream: { readonly host: string; readonly port: number };
  };
  /** The port on which it listens. */
  readonly port: number;
  /** The current address of the upstream; undefined while its name has none. */
  readonly upstreamAddress: string | undefined;
  readonly counts: Readonly<Record<Direction, DirectionCounters>>;
  /** Why connections to the upstream failed. */
  readonly upstreamErrors: Tally<string>;
  /** Open flows (UDP) or connections (TCP). */
  readonly open: Bounded;
  /** Datagrams that the kernel dropped before the relay received them, as far as known; without directions that it does not report. */
  knownReceiveBufferDrops(): Readonly<Partial<Record<Direction, number>>>;
  readonly faults: LinkFaultsByDirection;
  readonly faultChanges: number;
  /** The counters at the last change of its faults, or at its start. */
  readonly baseline: RelayBaseline;
}

/** The numbers of a direction at one time; `sum` (s) and `count` are those of the added delays. */
export interface DirectionReading {
  readonly amounts: Reading<RelayAmount | "sum" | "count">;
  readonly drops: Reading;
  readonly dropBytes: Reading;
  readonly effects: Reading;
  /** Times in the queue in front of a rate and on the link, s, and their number. */
  readonly queued: Reading<"sum" | "count">;
}

/** The numbers of a relay at one time. */
export interface RelayBaseline {
  /** Monotonic, ms. */
  readonly at: number;
  readonly directions: Readonly<Record<Direction, DirectionReading>>;
}

/** Reads the plain numbers of a direction. */
export function readAmounts(counts: DirectionCounters): DirectionReading["amounts"] {
  const { sum, count } = counts.added;
  const { packetsIn, bytesIn, packetsOut, bytesOut, copies, copiedBytes } = counts;
  const { dropped, droppedBytes, waiting, waitingBytes } = counts;
  // One literal: a record built from a list of names takes ten times as long, and each second has two for every relay.
  return {
    packetsIn,
    bytesIn,
    packetsOut,
    bytesOut,
    copies,
    copiedBytes,
    dropped,
    droppedBytes,
    waiting,
    waitingBytes,
    sum,
    count,
  };
}

/** Reads the numbers of a direction. */
function readDirection(counts: DirectionCounters): DirectionReading {
  const { drops, dropBytes, effects, queued } = counts;
  return {
    amounts: readAmounts(counts),
    drops: readTally(drops),
    dropBytes: readTally(dropBytes),
    effects: readTally(effects),
    queued: { sum: queued.sum, count: queued.count },
  };
}

/** Reads the numbers of both directions at the monotonic time `at`, ms. */
export function readRelay(counts: RelayCounters["counts"], at: number): RelayBaseline {
  return { at, directions: { up: readDirection(counts.up), down: readDirection(counts.down) } };
}

/** What the counts of a set gained since `before`, without those that gained nothing. */
export function gainedCounts(tally: Tally<string>, before: Reading): Reading {
  const gained: Record<string, number> = {};
  for (const name of tally.names) {
    const more = tally.get(name) - (before[name] ?? 0);
    if (more !== 0) gained[name] = more;
  }
  return gained;
}
