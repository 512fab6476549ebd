/** The relays as the live stream shows them: totals, and what each second brought. */
import { formatHostPort } from "../base/address.ts";
import { DIRECTIONS, type Direction, perDirection } from "../faults/faults.ts";
import { printLinkFaults } from "../faults/link-text.ts";
import { bucketQuantile } from "../metrics/quantile.ts";
import {
  type DirectionCounters,
  type DirectionReading,
  gainedCounts,
  type RelayAmount,
  type RelayCounters,
  readAmounts,
} from "../metrics/relay-counters.ts";
import { orNull, rounded } from "./numbers.ts";
import type { Visibility } from "./packet-sample.ts";
import type { RelayHead, RelayNow, RelaySecond, RelaySince, RelayWay } from "./shapes.ts";

type Amounts = DirectionReading["amounts"];

const NO_AMOUNTS: Amounts = {
  packetsIn: 0,
  bytesIn: 0,
  packetsOut: 0,
  bytesOut: 0,
  copies: 0,
  copiedBytes: 0,
  dropped: 0,
  droppedBytes: 0,
  waiting: 0,
  waitingBytes: 0,
  sum: 0,
  count: 0,
};
const NOTHING_ADDED: RelaySecond["added"] = { mean: null, p50: null, p99: null };

/** The second of a direction: rates from the numbers at its start and its end. */
class DirectionSamples {
  #from: Amounts;
  #to: Amounts;
  #elapsed = 1;
  #bucketsFrom: Float64Array;
  #bucketsTo: Float64Array;

  constructor(private readonly counts: DirectionCounters) {
    // A relay is first seen in the second in which it was made: all that it counted is of that second.
    this.#to = NO_AMOUNTS;
    this.#from = this.#to;
    this.#bucketsTo = new Float64Array(counts.added.counts.length);
    this.#bucketsFrom = this.#bucketsTo;
  }

  sample(elapsed: number): void {
    this.#elapsed = elapsed;
    this.#from = this.#to;
    this.#to = readAmounts(this.counts);
    this.#bucketsFrom = this.#bucketsTo;
    this.#bucketsTo = this.counts.added.counts.slice();
  }

  /** The second that was sampled last. */
  second(): RelaySecond {
    const [from, to] = [this.#from, this.#to];
    const rate = (name: RelayAmount) => rounded((to[name] - from[name]) / this.#elapsed);
    const buckets = this.#bucketsTo.map((count, i) => count - (this.#bucketsFrom[i] ?? 0));
    const quantile = (q: number) => orNull(rounded(bucketQuantile(buckets, this.counts.added.bounds, q)));
    const mean = orNull(rounded((to.sum - from.sum) / (to.count - from.count)));
    return {
      packetsIn: rate("packetsIn"),
      bytesIn: rate("bytesIn"),
      packetsOut: rate("packetsOut"),
      bytesOut: rate("bytesOut"),
      dropped: rate("dropped"),
      droppedBytes: rate("droppedBytes"),
      added: mean === null ? NOTHING_ADDED : { mean, p50: quantile(0.5), p99: quantile(0.99) },
    };
  }
}

type Samples = Readonly<Record<Direction, DirectionSamples>>;

/** Samples the relays of a lab once a second. It holds those that are open. */
export class RelaySamples {
  #samples = new Map<RelayCounters, Samples>();
  #sampledAt: number;

  constructor(
    private readonly relays: () => readonly RelayCounters[],
    now: number,
  ) {
    this.#sampledAt = now;
  }

  /** Records what the counters gained since the previous call. `now` is monotonic, ms. */
  sample(now: number): void {
    const elapsed = Math.max(0.001, (now - this.#sampledAt) / 1000);
    this.#sampledAt = now;
    this.#samples = new Map(this.relays().map((relay) => [relay, this.#samplesOf(relay)]));
    for (const samples of this.#samples.values())
      for (const direction of DIRECTIONS) samples[direction].sample(elapsed);
  }

  #samplesOf(relay: RelayCounters): Samples {
    return this.#samples.get(relay) ?? perDirection((direction) => new DirectionSamples(relay.counts[direction]));
  }

  /** The relays at `now`, with the second that was sampled last. */
  now(now: number): RelayNow[] {
    return [...this.#samples].map(([relay, samples]) => relayNow(relay, samples, now));
  }
}

/** A relay without its traffic, at the monotonic time `now`, ms. */
export function relayHead(relay: RelayCounters, now: number): RelayHead {
  const { route, open, baseline } = relay;
  return {
    name: route.name,
    protocol: route.protocol,
    listen: formatHostPort(route.listen.host, relay.port),
    upstream: formatHostPort(route.upstream.host, route.upstream.port),
    address: relay.upstreamAddress ?? null,
    faults: {
      text: printLinkFaults(route.protocol, relay.faults),
      changes: relay.faultChanges,
      seconds: Math.round((now - baseline.at) / 1000),
    },
    open: open.size,
    limit: open.limit,
    overflows: open.overflows,
    upstreamErrors: gainedCounts(relay.upstreamErrors, {}),
  };
}

function relayNow(relay: RelayCounters, samples: Samples, now: number): RelayNow {
  return { ...relayHead(relay, now), ...perDirection((direction) => wayOf(relay, samples, direction)) };
}

function wayOf({ counts, baseline }: RelayCounters, samples: Samples, direction: Direction): RelayWay {
  const amounts = readAmounts(counts[direction]);
  const { sum: _, count: __, ...totals } = amounts;
  const since = sinceOf(counts[direction], amounts, baseline.directions[direction]);
  return { second: samples[direction].second(), totals, since };
}

function sinceOf(counts: DirectionCounters, now: Amounts, before: DirectionReading): RelaySince {
  const from = before.amounts;
  return {
    packetsIn: now.packetsIn - from.packetsIn,
    bytesIn: now.bytesIn - from.bytesIn,
    packetsOut: now.packetsOut - from.packetsOut,
    bytesOut: now.bytesOut - from.bytesOut,
    copies: now.copies - from.copies,
    copiedBytes: now.copiedBytes - from.copiedBytes,
    dropped: now.dropped - from.dropped,
    droppedBytes: now.droppedBytes - from.droppedBytes,
    added: orNull(rounded((now.sum - from.sum) / (now.count - from.count))),
    queued: orNull(rounded((counts.queued.sum - before.queued.sum) / (counts.queued.count - before.queued.count))),
    drops: gainedCounts(counts.drops, before.drops),
    dropBytes: gainedCounts(counts.dropBytes, before.dropBytes),
    effects: gainedCounts(counts.effects, before.effects),
  };
}

/** `relay` without its upstream, unless the viewer may see it. */
export function visibleRelay<Shown extends RelayHead>(relay: Shown, { peers }: Visibility): Shown {
  return peers ? relay : { ...relay, upstream: "", address: "" };
}
