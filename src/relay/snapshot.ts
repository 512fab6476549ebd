/** The counts of a relay as plain objects, for the library and the command. */
import { formatHostPort } from "../base/address.ts";
import { printLinkFaults } from "../faults/link-text.ts";
import { bucketQuantile } from "../metrics/quantile.ts";
import { gainedCounts } from "../metrics/relay-counters.ts";
import { type DirectionCounts, type Effect, LOSS_REASONS, type LossReason } from "./counts.ts";
import type { Relay } from "./relay.ts";
import type { UpstreamError } from "./relay-port.ts";

/** What was lost for one reason. */
export interface LossCounts {
  /** Datagrams; on TCP how often it happened. */
  readonly packets: number;
  readonly bytes: number;
}

/** The time from the receipt of a packet to its hand-over to the kernel, ms; the percentiles are those of buckets. */
export interface AddedDelay {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * One direction: in + copies = out + dropped + waiting, in packets (UDP) and in octets. On TCP the packets are the parts of the
 * stream that were read and written.
 */
export interface DirectionSnapshot {
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  /** Made by the fault `duplicate`. */
  readonly copies: number;
  readonly copiedBytes: number;
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly dropped: number;
  readonly droppedBytes: number;
  /** By the reason; those that have not occurred are absent. */
  readonly drops: Readonly<Partial<Record<LossReason, LossCounts>>>;
  /** Packets that faults changed and did not lose, by the fault. */
  readonly effects: Readonly<Partial<Record<Effect, number>>>;
  /** Undefined until a packet has left. */
  readonly addedMs: AddedDelay | undefined;
}

/** A relay: its route, its faults and its counts. */
export interface RelaySnapshot {
  readonly name: string;
  readonly protocol: string;
  readonly listen: string;
  readonly upstream: string;
  /** As text. */
  readonly faults: string;
  /** Flows (UDP) or connections (TCP) that are open. */
  readonly open: number;
  /** Flows that made room for others, and connections that were refused at the limit. */
  readonly overflows: number;
  readonly up: DirectionSnapshot;
  readonly down: DirectionSnapshot;
  /** Connections to the upstream that failed, by the reason. */
  readonly upstreamErrors: Readonly<Partial<Record<UpstreamError, number>>>;
}

function lossesOf({ drops, dropBytes }: DirectionCounts): Partial<Record<LossReason, LossCounts>> {
  const losses: Partial<Record<LossReason, LossCounts>> = {};
  for (const reason of LOSS_REASONS)
    if (drops.get(reason) > 0) losses[reason] = { packets: drops.get(reason), bytes: dropBytes.get(reason) };
  return losses;
}

/** The counts of one direction. */
export function directionSnapshot(counts: DirectionCounts): DirectionSnapshot {
  const { packetsIn, bytesIn, packetsOut, bytesOut, copies, copiedBytes } = counts;
  const { waiting, waitingBytes, dropped, droppedBytes, effects, added } = counts;
  const percentile = (q: number) => 1000 * bucketQuantile(added.counts, added.bounds, q);
  return {
    packetsIn,
    bytesIn,
    packetsOut,
    bytesOut,
    copies,
    copiedBytes,
    waiting,
    waitingBytes,
    dropped,
    droppedBytes,
    drops: lossesOf(counts),
    effects: gainedCounts(effects, {}),
    addedMs:
      added.count === 0
        ? undefined
        : { mean: (1000 * added.sum) / added.count, p50: percentile(0.5), p99: percentile(0.99) },
  };
}

/** The relay as it is now. */
export function relaySnapshot(relay: Relay): RelaySnapshot {
  const { name, protocol, listen, upstream } = relay.route;
  return {
    name,
    protocol,
    listen: formatHostPort(listen.host, relay.port),
    upstream: formatHostPort(upstream.host, upstream.port),
    faults: printLinkFaults(protocol, relay.faults),
    open: relay.open.size,
    overflows: relay.open.overflows,
    up: directionSnapshot(relay.counts.up),
    down: directionSnapshot(relay.counts.down),
    upstreamErrors: gainedCounts(relay.upstreamErrors, {}),
  };
}
