/** The counters of a relay as a run reads them, and what they gained during the run. */
import type { Direction } from "../../../faults/faults.ts";
import { difference, withoutZeros } from "../../../metrics/delta.ts";
import { RELAY_AMOUNTS, type RelayAmount } from "../../../metrics/relay-counters.ts";

/** Times from the receipt of packets to their hand-over to the kernel, s. */
export interface AddedDelays {
  readonly sum: number;
  readonly count: number;
  /** Upper bounds of a histogram's buckets, and their counts, the last one above every bound; missing if not known. */
  readonly bounds?: readonly number[];
  readonly counts?: readonly number[];
}

/** One direction. */
export interface WayReading {
  readonly totals: Readonly<Record<RelayAmount, number>>;
  /** Packets lost by reason; on TCP how often octets were. */
  readonly drops: Readonly<Record<string, number>>;
  /** Octets lost by reason. */
  readonly dropBytes: Readonly<Record<string, number>>;
  /** Packets that faults changed and did not lose, by fault; on TCP also connections that were stalled, reset or ended. */
  readonly effects: Readonly<Record<string, number>>;
  readonly added: AddedDelays;
}

/** A relay at one time. */
export interface RelayReading extends Readonly<Record<Direction, WayReading>> {
  /** Another value for each relay that is opened, also under the same name; missing if not known. */
  readonly instance?: string;
  /** Its faults as text. */
  readonly faults: string;
  /** How often they were changed. */
  readonly faultChanges: number;
  /** How often it could not reach its upstream, by reason. */
  readonly upstreamErrors: Readonly<Record<string, number>>;
}

/** What both directions gained between two readings. */
export type RelayGain = Readonly<Record<Direction, WayReading>>;

function addedGain(after: AddedDelays, before: AddedDelays): AddedDelays {
  const { bounds, counts } = after;
  const earlier = before.counts;
  return {
    sum: after.sum - before.sum,
    count: after.count - before.count,
    ...(bounds && counts && earlier && { bounds, counts: counts.map((count, i) => count - (earlier[i] ?? 0)) }),
  };
}

/** What waited at the first reading leaves later, so it counts as received. `waiting` is what waits at the end. */
function totalsGain(after: WayReading["totals"], before: WayReading["totals"]): WayReading["totals"] {
  const gain = difference(after, before) as WayReading["totals"]; // has the keys of `after`
  const { waiting, waitingBytes } = after;
  const packetsIn = gain.packetsIn + before.waiting;
  const bytesIn = gain.bytesIn + before.waitingBytes;
  return { ...gain, packetsIn, bytesIn, waiting, waitingBytes };
}

function wayGain(after: WayReading, before: WayReading, opened: WayReading): WayReading {
  return {
    totals: totalsGain(after.totals, before.totals),
    drops: withoutZeros(difference(after.drops, before.drops)),
    dropBytes: withoutZeros(difference(after.dropBytes, before.dropBytes)),
    effects: withoutZeros(difference(after.effects, opened.effects)),
    added: addedGain(after.added, before.added),
  };
}

/** Whether something waits in the relay, in either direction. */
export function hasWaiting({ up, down }: RelayReading): boolean {
  return [up, down].some(({ totals }) => totals.waiting > 0 || totals.waitingBytes > 0);
}

/** Whether the amounts have not begun again since the other reading, as those of a relay that was made again do. */
function hasGrown(after: WayReading, before: WayReading): boolean {
  const names = RELAY_AMOUNTS.filter((name) => !name.startsWith("waiting"));
  return names.every((name) => after.totals[name] >= before.totals[name]) && after.added.count >= before.added.count;
}

/** Whether both readings are of one relay, and not of two that were opened one after the other. */
function isSameRelay(after: RelayReading, before: RelayReading): boolean {
  return after.instance === before.instance && hasGrown(after.up, before.up) && hasGrown(after.down, before.down);
}

/** How often the upstream could not be reached between two readings, by reason; of a relay that was made again, since then. */
export function errorsGain(after: RelayReading, before: RelayReading): Readonly<Record<string, number>> {
  const earlier = isSameRelay(after, before) ? before.upstreamErrors : {};
  return withoutZeros(difference(after.upstreamErrors, earlier));
}

/**
 * What the counters gained; undefined if they began again in between.
 * @param opened the reading from which effects are counted, because faults act on connections when these open
 */
export function gainSince(after: RelayReading, before: RelayReading, opened = before): RelayGain | undefined {
  if (!isSameRelay(after, before) || !isSameRelay(before, opened)) return undefined;
  return { up: wayGain(after.up, before.up, opened.up), down: wayGain(after.down, before.down, opened.down) };
}
