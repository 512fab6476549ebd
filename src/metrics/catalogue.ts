/**
 * Every series, declared once: name, type, unit, labels and help. The text exposition, the reference table in
 * docs/reference.md and the tests read these tables.
 */

import { type ConnectionProtocol, PROTOCOLS, REGISTRY, type RequestProtocol } from "../base/protocol.ts";
import { RELAY_SERIES } from "./relay-series.ts";
import type { Series, SeriesTable } from "./series.ts";

export type { Series, SeriesTable };

/** Structures of limited size that all protocols share, or that belong to one of those that are always served. */
const SHARED_STRUCTURES = [
  "sessions",
  "delay-queue",
  "delay-queue-bytes",
  "http-sessions",
  "tcp-bytes",
  "http-body-bytes",
  "run-bytes",
  "relay-bytes",
  "packet-log",
  "unsaved-runs",
  "viewers",
] as const;
/** One of SHARED_STRUCTURES. */
export type SharedStructure = (typeof SHARED_STRUCTURES)[number];

/** A structure of one listener: its connections, or the requests that the fault `stall` leaves without a response. */
export type ListenerStructure =
  | `${ConnectionProtocol}-connections`
  | `${RequestProtocol}-stalled`
  | "toxiproxy-connections";

const LISTENER_STRUCTURES = [
  ...PROTOCOLS.flatMap((protocol) => [
    ...(REGISTRY[protocol].connections ? [`${protocol}-connections`] : []),
    ...(REGISTRY[protocol].requests ? [`${protocol}-stalled`] : []),
  ]),
  "toxiproxy-connections",
] as readonly ListenerStructure[]; // the properties are those of the type

/** A structure whose size is limited by configuration, never by traffic. */
export type Structure = SharedStructure | ListenerStructure;
/** Every structure: the values of the label `structure`. Those of a protocol that is not served have no series. */
export const STRUCTURES: readonly Structure[] = [...SHARED_STRUCTURES, ...LISTENER_STRUCTURES];

/** Series of the process, of the lab and of a load run alike. */
const PROCESS_SERIES = {
  process_cpu_seconds_total: {
    type: "counter",
    unit: "seconds",
    labels: ["mode"],
    help: "Processor time used, by mode.",
  },
  process_resident_memory_bytes: { type: "gauge", unit: "bytes", labels: [], help: "Resident memory." },
  process_open_fds: { type: "gauge", unit: "", labels: [], help: "Open file descriptors." },
  process_max_fds: { type: "gauge", unit: "", labels: [], help: "Most file descriptors that may be open." },
  process_start_time_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "Start of the process, in seconds since the Unix epoch.",
  },
} as const satisfies SeriesTable;

/** The series of a lab, in the order of the exposition. */
export const LAB_SERIES = {
  packets_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets received, answered or not: requests, messages, frames or chunks of a stream, datagrams.",
  },
  dropped_packets_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets that got no response, whatever the reason.",
  },
  response_time_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["protocol"],
    help: "Time from the receipt of an answered packet until its response is passed to the kernel.",
  },
  wirelab_received_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: ["protocol"],
    help: "Payload bytes of the packets received.",
  },
  wirelab_sent_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: ["protocol"],
    help: "Payload bytes of the responses sent.",
  },
  wirelab_drops_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol", "reason"],
    help: "Packets that got no response, by reason.",
  },
  wirelab_rejected_total: {
    type: "counter",
    unit: "",
    labels: ["protocol", "reason"],
    help: "Rejected input, by reason.",
  },
  wirelab_impairments_total: {
    type: "counter",
    unit: "",
    labels: ["protocol", "kind", "direction"],
    help: "Injected faults, by kind and direction.",
  },
  wirelab_impairment_changes_total: {
    type: "counter",
    unit: "",
    labels: ["protocol"],
    help: "Changes of the faults at run time.",
  },
  ...RELAY_SERIES,
  wirelab_open_connections: { type: "gauge", unit: "", labels: ["protocol"], help: "Connections open now." },
  wirelab_connections_total: { type: "counter", unit: "", labels: ["protocol"], help: "Connections accepted." },
  wirelab_tls_handshakes_total: {
    type: "counter",
    unit: "",
    labels: ["protocol", "result"],
    help: "Handshakes of TLS and QUIC, by result, of the listeners to which the runtime reports them.",
  },
  wirelab_tls_handshake_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["protocol"],
    help: "Time from the acceptance of a connection to the end of its handshake, of completed handshakes.",
  },
  wirelab_bounded_size: {
    type: "gauge",
    unit: "",
    labels: ["structure"],
    help: "Entries held now in a structure of limited size; bytes where its name ends in -bytes.",
  },
  wirelab_bounded_limit: {
    type: "gauge",
    unit: "",
    labels: ["structure"],
    help: "Most entries, or bytes, that the structure may hold.",
  },
  wirelab_bounded_overflows_total: {
    type: "counter",
    unit: "",
    labels: ["structure"],
    help: "Times that the structure was full and refused or evicted an entry.",
  },
  wirelab_evicted_sessions_total: {
    type: "counter",
    unit: "sessions",
    labels: ["standing"],
    help: "STAMP sessions that a full table evicted, by what was known of them: new, established (8 packets or more), validated source.",
  },
  wirelab_packet_log_entries_total: {
    type: "counter",
    unit: "packets",
    labels: [],
    help: "Packets recorded in the packet log.",
  },
  wirelab_packet_log_skipped_total: {
    type: "counter",
    unit: "packets",
    labels: [],
    help: "Packets that the sampling of the packet log left out.",
  },
  wirelab_kept_runs_errors_total: {
    type: "counter",
    unit: "",
    labels: [],
    help: "Times that the file of kept runs was locked for long, damaged or not usable, or that its thread ended.",
  },
  wirelab_udp_receive_buffer_drops_total: {
    type: "counter",
    unit: "packets",
    labels: ["socket"],
    help: "Datagrams that the kernel dropped because the receive buffer of a socket was full.",
  },
  wirelab_internal_errors_total: {
    type: "counter",
    unit: "",
    labels: [],
    help: "Errors of the lab itself that belong to no packet and to no request, in timers and callbacks of the runtime.",
  },
  wirelab_event_loop_lag_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: [],
    help: "Lateness of the event loop's timer.",
  },
  wirelab_build_info: {
    type: "gauge",
    unit: "",
    labels: ["version", "bun_version", "commit"],
    help: "Versions of wirelab and Bun, and the commit; the value is 1.",
  },
  ...PROCESS_SERIES,
} as const satisfies SeriesTable;

/** The series of a load run (`--metrics-port`), in the order of the exposition. */
export const RUN_SERIES = {
  wirelab_load_planned_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets due so far: sent, unsent and refused ones.",
  },
  wirelab_load_unsent_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets that were due and not sent.",
  },
  wirelab_load_refused_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets that the kernel of the sender refused; they are not part of the packets sent.",
  },
  wirelab_load_sent_total: { type: "counter", unit: "packets", labels: ["protocol"], help: "Packets sent." },
  wirelab_load_answered_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets answered within the timeout.",
  },
  wirelab_load_lost_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol", "direction"],
    help: "Lost packets, by direction.",
  },
  wirelab_load_duplicates_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Duplicate responses.",
  },
  wirelab_load_late_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets answered after the timeout.",
  },
  wirelab_load_failed_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets whose connection or response failed.",
  },
  wirelab_load_corrupt_total: {
    type: "counter",
    unit: "packets",
    labels: ["protocol"],
    help: "Packets whose response was corrupt.",
  },
  wirelab_load_response_time_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["protocol"],
    help: "Time from the intended send time to the response, of packets answered within the timeout.",
  },
  wirelab_load_service_time_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["protocol"],
    help: "Time from the actual sending to the response, of packets answered within the timeout.",
  },
  wirelab_load_handshake_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["protocol", "kind", "resumed"],
    help: "Time until connections were open: kind tcp, tls or quic; resumed true or false.",
  },
  ...PROCESS_SERIES,
  wirelab_build_info: {
    type: "gauge",
    unit: "",
    labels: ["version", "bun_version"],
    help: "Versions of wirelab and Bun; the value is 1.",
  },
} as const satisfies SeriesTable;
