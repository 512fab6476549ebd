/** The relay of a run in its JSON report (docs/CONTRACT.md, section 6): what it did beside what the run measured. */
import { formatHostPort } from "../../base/address.ts";
import type { Transport } from "../../faults/link-faults.ts";
import { bucketQuantile } from "../../metrics/quantile.ts";
import type { RelayAmount } from "../../metrics/relay-counters.ts";
import type { WayReading } from "../measure/relays/reading.ts";
import type { RelayResult } from "../send/relays/run-relay.ts";

/** One direction of the relay during the run: in + copies = out + dropped + waiting, in octets, and in datagrams on UDP. */
export interface ReportedWay extends Readonly<Record<RelayAmount, number>> {
  /** Datagrams dropped by reason; on TCP how often octets were. */
  readonly drops: Readonly<Record<string, number>>;
  /** Packets that faults changed and did not lose, by fault; on TCP also connections that were stalled, reset or ended. */
  readonly effects: Readonly<Record<string, number>>;
  /** The time that the relay added, s; percentiles are those of a histogram, null if it is not known. */
  readonly added: {
    readonly count: number;
    readonly mean: number | null;
    readonly p50: number | null;
    readonly p99: number | null;
  };
}

/** The relay that the packets of a run went through. */
export interface ReportedVia {
  /** Its name at the lab; null for one that the run started. */
  readonly relay: string | null;
  readonly transport: Transport;
  /** The address and port to which packets were sent. */
  readonly address: string;
  readonly faults: string;
  /** Whether others used the relay during the run, so that the counts are not those of the run alone; null if not known. */
  readonly otherClients: boolean | null;
  /** How often the relay could not reach the target, by reason. */
  readonly upstreamErrors: Readonly<Record<string, number>>;
  /** What is missing or has changed; null if nothing. */
  readonly reason: string | null;
  /** From the first packet of the measurement to the end; null if not known. */
  readonly up: ReportedWay | null;
  readonly down: ReportedWay | null;
}

function wayOf({ totals, drops, effects, added: { sum, count, bounds, counts } }: WayReading): ReportedWay {
  const quantile = (q: number) => (bounds && counts && count > 0 ? bucketQuantile(counts, bounds, q) : null);
  return {
    ...totals,
    drops,
    effects,
    added: { count, mean: count > 0 ? sum / count : null, p50: quantile(0.5), p99: quantile(0.99) },
  };
}

/** The relay of a run for its report; null without one. */
export function viaOf(result: RelayResult | undefined): ReportedVia | null {
  if (result === undefined) return null;
  const { path, faults, gain, reason, otherClients, upstreamErrors } = result;
  return {
    relay: path.name ?? null,
    transport: path.transport,
    address: formatHostPort(path.address, path.port),
    faults,
    otherClients: otherClients ?? null,
    upstreamErrors,
    reason: reason ?? null,
    up: gain ? wayOf(gain.up) : null,
    down: gain ? wayOf(gain.down) : null,
  };
}
