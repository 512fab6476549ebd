/** Reads the values of the lab's series from its counters and structures. */
import type { Bounded } from "../base/bounded.ts";
import type { ProcessUsage } from "../base/kernel.ts";
import { isSecure, type Protocol, REGISTRY } from "../base/protocol.ts";
import { DIRECTIONS_OF, KINDS_OF } from "../faults/faults.ts";
import { type LAB_SERIES, type ListenerStructure, type SharedStructure, STRUCTURES } from "./catalogue.ts";
import { DROP_REASONS, HANDSHAKE_RESULTS, type Metrics, type Traffic } from "./counters.ts";
import { bucketsOf, processReaders, type Readers, type Sample } from "./prometheus.ts";
import type { RelayCounters } from "./relay-counters.ts";
import { relayReaders } from "./relay-readers.ts";

/** Values that are read from other modules at a scrape. */
export interface LabSources {
  /** The protocols that are served; the others have no series. */
  readonly served: readonly Protocol[];
  /** The structures; undefined where the listener has none. Those of a protocol that is not served are absent. */
  readonly bounded: Readonly<Record<SharedStructure, () => Bounded>> &
    Readonly<Partial<Record<ListenerStructure, () => Bounded | undefined>>>;
  /** Sessions that a full table evicted, by standing. */
  readonly evictedSessions: () => Readonly<Record<string, number>>;
  /** Connections open now; undefined for a protocol without connections. */
  readonly openConnections: (protocol: Protocol) => number | undefined;
  /** Whether the runtime reports new connections of the protocol, so that they can be counted. */
  readonly countsConnections: (protocol: Protocol) => boolean;
  /** Whether the runtime reports the handshakes of the protocol, so that they can be counted. */
  readonly countsHandshakes: (protocol: Protocol) => boolean;
  /** Datagrams that the kernel dropped because a receive buffer was full, by socket. */
  readonly receiveBufferDrops: () => Readonly<Record<string, number>>;
  /** The open relays. */
  readonly relays: () => readonly RelayCounters[];
  /** Packets recorded and skipped by the packet log. */
  readonly packetLog: { readonly entries: number; readonly skipped: number };
  readonly internalErrors: () => number;
  readonly processUsage: () => ProcessUsage;
  readonly build: { readonly version: string; readonly bunVersion: string; readonly commit: string };
}

/** The readers of LAB_SERIES. */
export function labReaders(metrics: Metrics, sources: LabSources): Readers<typeof LAB_SERIES> {
  const { traffic, handshakes, eventLoopLag } = metrics;
  const { served } = sources;
  const perProtocol = (read: (traffic: Traffic) => number) => () =>
    served.map((protocol): Sample => [{ protocol }, read(traffic[protocol])]);
  const perStructure = (read: (bounded: Bounded) => number) => () =>
    STRUCTURES.flatMap((structure): Sample[] => {
      const bounded = sources.bounded[structure]?.();
      return bounded ? [[{ structure }, read(bounded)]] : [];
    });
  const shaken = () => served.filter(isSecure).filter(sources.countsHandshakes);
  return {
    packets_total: perProtocol(({ packets }) => packets),
    dropped_packets_total: perProtocol(({ dropped }) => dropped),
    response_time_seconds: () =>
      served.map((protocol) => [{ protocol }, bucketsOf(traffic[protocol].responseTime)] as const),
    wirelab_received_bytes_total: perProtocol(({ receivedBytes }) => receivedBytes),
    wirelab_sent_bytes_total: perProtocol(({ sentBytes }) => sentBytes),
    wirelab_drops_total: () => served.flatMap((protocol) => dropSamples(traffic[protocol])),
    wirelab_rejected_total: () => served.flatMap((protocol) => rejectSamples(traffic[protocol])),
    wirelab_impairments_total: () => served.flatMap((protocol) => impairmentSamples(traffic[protocol])),
    wirelab_impairment_changes_total: perProtocol(({ impairmentChanges }) => impairmentChanges),
    ...relayReaders(sources.relays),
    wirelab_open_connections: () =>
      served.flatMap((protocol): Sample[] => {
        const open = sources.openConnections(protocol);
        return open === undefined ? [] : [[{ protocol }, open]];
      }),
    wirelab_connections_total: () =>
      served.filter(sources.countsConnections).map((protocol) => [{ protocol }, traffic[protocol].connections]),
    wirelab_tls_handshakes_total: () =>
      shaken().flatMap((protocol) =>
        HANDSHAKE_RESULTS.map((result): Sample => [{ protocol, result }, handshakes[protocol].results.get(result)]),
      ),
    wirelab_tls_handshake_seconds: () =>
      shaken().map((protocol) => [{ protocol }, bucketsOf(handshakes[protocol].time)] as const),
    wirelab_bounded_size: perStructure(({ size }) => size),
    wirelab_bounded_limit: perStructure(({ limit }) => limit),
    wirelab_bounded_overflows_total: perStructure(({ overflows }) => overflows),
    wirelab_evicted_sessions_total: () =>
      Object.entries(sources.evictedSessions()).map(([standing, count]) => [{ standing }, count]),
    wirelab_packet_log_entries_total: () => [[{}, sources.packetLog.entries]],
    wirelab_packet_log_skipped_total: () => [[{}, sources.packetLog.skipped]],
    wirelab_kept_runs_errors_total: () => [[{}, metrics.keptRunsErrors]],
    wirelab_udp_receive_buffer_drops_total: () =>
      Object.entries(sources.receiveBufferDrops()).map(([socket, drops]) => [{ socket }, drops]),
    wirelab_event_loop_lag_seconds: () => [[{}, bucketsOf(eventLoopLag)]],
    wirelab_internal_errors_total: () => [[{}, sources.internalErrors()]],
    wirelab_build_info: () => {
      const { version, bunVersion, commit } = sources.build;
      return [[{ version, bun_version: bunVersion, commit }, 1]];
    },
    ...processReaders(sources.processUsage),
  };
}

function dropSamples({ protocol, drops }: Traffic): Sample[] {
  return DROP_REASONS.map((reason) => [{ protocol, reason }, drops.get(reason)]);
}

function rejectSamples({ protocol, rejects }: Traffic): Sample[] {
  return REGISTRY[protocol].rejects.map((reason) => [{ protocol, reason }, rejects.get(reason)]);
}

function impairmentSamples({ protocol, injected }: Traffic): Sample[] {
  return KINDS_OF[protocol].flatMap((kind) =>
    DIRECTIONS_OF[kind].map((direction): Sample => {
      return [{ protocol, kind, direction }, injected.get(`${kind}/${direction}`)];
    }),
  );
}
