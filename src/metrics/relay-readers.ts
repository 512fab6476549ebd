/** Reads the values of the series of relays. A relay that is closed has no series. */
import { DIRECTIONS } from "../faults/faults.ts";
import type { Tally } from "./counters.ts";
import { bucketsOf, type HistogramSample, type Readers, type Sample } from "./prometheus.ts";
import type { DirectionCounters, RelayAmount, RelayCounters } from "./relay-counters.ts";
import type { RELAY_SERIES } from "./relay-series.ts";

type Labels = Readonly<Record<string, string>>;

/** The readers of RELAY_SERIES. */
export function relayReaders(relays: () => readonly RelayCounters[]): Readers<typeof RELAY_SERIES> {
  const perRelay = <Value>(read: (relay: RelayCounters, labels: Labels) => Value[]) => {
    return () => relays().flatMap((relay) => read(relay, { relay: relay.route.name }));
  };
  const perWay = <Value>(read: (counts: DirectionCounters, labels: Labels) => Value[]) =>
    perRelay(({ counts }, labels) =>
      DIRECTIONS.flatMap((direction) => read(counts[direction], { ...labels, direction })),
    );
  const amount = (name: RelayAmount) => perWay((counts, labels): Sample[] => [[labels, counts[name]]]);
  const number = (read: (relay: RelayCounters) => number) =>
    perRelay((relay, labels): Sample[] => [[labels, read(relay)]]);
  return {
    wirelab_relay_received_packets_total: amount("packetsIn"),
    wirelab_relay_received_bytes_total: amount("bytesIn"),
    wirelab_relay_sent_packets_total: amount("packetsOut"),
    wirelab_relay_sent_bytes_total: amount("bytesOut"),
    wirelab_relay_copied_packets_total: amount("copies"),
    wirelab_relay_copied_bytes_total: amount("copiedBytes"),
    wirelab_relay_dropped_packets_total: perWay(({ drops }, labels) => tallySamples(drops, labels, "reason")),
    wirelab_relay_dropped_bytes_total: perWay(({ dropBytes }, labels) => tallySamples(dropBytes, labels, "reason")),
    wirelab_relay_waiting_packets: amount("waiting"),
    wirelab_relay_waiting_bytes: amount("waitingBytes"),
    wirelab_relay_impairments_total: perWay(({ effects }, labels) => tallySamples(effects, labels, "kind")),
    wirelab_relay_impairment_changes_total: number(({ faultChanges }) => faultChanges),
    wirelab_relay_added_delay_seconds: perWay(({ added }, labels): HistogramSample[] => [[labels, bucketsOf(added)]]),
    wirelab_relay_queued_seconds: perWay(({ queued }, labels): HistogramSample[] => [[labels, bucketsOf(queued)]]),
    wirelab_relay_receive_buffer_drops_total: perRelay((relay, labels) =>
      Object.entries(relay.knownReceiveBufferDrops()).map(([direction, drops]) => [{ ...labels, direction }, drops]),
    ),
    wirelab_relay_open_flows: number(({ open }) => open.size),
    wirelab_relay_flow_limit: number(({ open }) => open.limit),
    wirelab_relay_flow_overflows_total: number(({ open }) => open.overflows),
    wirelab_relay_upstream_errors_total: perRelay(({ upstreamErrors }, labels) =>
      tallySamples(upstreamErrors, labels, "reason"),
    ),
  };
}

function tallySamples(tally: Tally<string>, labels: Labels, label: string): Sample[] {
  return tally.names.map((name) => [{ ...labels, [label]: name }, tally.get(name)]);
}
