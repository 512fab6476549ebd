/** The series of relays. In octets, received + copied = sent + dropped + waiting at every scrape, in each direction. */
import type { SeriesTable } from "./series.ts";

const WAY = ["relay", "direction"] as const;

/** The series of a lab's relays, in the order of the exposition; `up` is from clients to the upstream. */
export const RELAY_SERIES = {
  wirelab_relay_received_packets_total: {
    type: "counter",
    unit: "packets",
    labels: WAY,
    help: "Datagrams that a relay received in a direction; on TCP parts of the stream.",
  },
  wirelab_relay_received_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: WAY,
    help: "Payload bytes that a relay received in a direction.",
  },
  wirelab_relay_sent_packets_total: {
    type: "counter",
    unit: "packets",
    labels: WAY,
    help: "Datagrams that a relay passed on, copies included; on TCP parts of the stream.",
  },
  wirelab_relay_sent_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: WAY,
    help: "Payload bytes that a relay passed on, copies included.",
  },
  wirelab_relay_copied_packets_total: {
    type: "counter",
    unit: "packets",
    labels: WAY,
    help: "Copies that the fault duplicate made.",
  },
  wirelab_relay_copied_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: WAY,
    help: "Payload bytes of the copies that the fault duplicate made.",
  },
  wirelab_relay_dropped_packets_total: {
    type: "counter",
    unit: "packets",
    labels: [...WAY, "reason"],
    help: "Datagrams that a relay lost, by reason; on TCP how often bytes were lost.",
  },
  wirelab_relay_dropped_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: [...WAY, "reason"],
    help: "Payload bytes that a relay lost, by reason.",
  },
  wirelab_relay_waiting_packets: {
    type: "gauge",
    unit: "packets",
    labels: WAY,
    help: "Datagrams in a relay now: delayed, or not accepted by the kernel; 0 on TCP.",
  },
  wirelab_relay_waiting_bytes: {
    type: "gauge",
    unit: "bytes",
    labels: WAY,
    help: "Payload bytes in a relay now: delayed, or not accepted by the kernel.",
  },
  wirelab_relay_impairments_total: {
    type: "counter",
    unit: "",
    labels: [...WAY, "kind"],
    help: "Injected faults, by kind: on packets, and on connections that stall, are reset or end at a limit. Those that lose packets are reasons of the dropped packets.",
  },
  wirelab_relay_impairment_changes_total: {
    type: "counter",
    unit: "",
    labels: ["relay"],
    help: "Changes of a relay's faults.",
  },
  wirelab_relay_added_delay_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: WAY,
    help: "Time from the receipt of a packet, or of a part of a stream, until it was passed to the kernel.",
  },
  wirelab_relay_queued_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: WAY,
    help: "Time in the queue in front of a rate and on its link, of packets that the queue accepted; on TCP of parts of the stream.",
  },
  wirelab_relay_receive_buffer_drops_total: {
    type: "counter",
    unit: "packets",
    labels: WAY,
    help: "Datagrams that the kernel dropped before a UDP relay received them, because a receive buffer was full.",
  },
  wirelab_relay_open_flows: {
    type: "gauge",
    unit: "",
    labels: ["relay"],
    help: "Connections (TCP), or client addresses and ports (UDP), open now.",
  },
  wirelab_relay_flow_limit: {
    type: "gauge",
    unit: "",
    labels: ["relay"],
    help: "Most connections or flows that a relay may have open.",
  },
  wirelab_relay_flow_overflows_total: {
    type: "counter",
    unit: "",
    labels: ["relay"],
    help: "Times that a relay had no place: the connection was refused, or the flow that was idle longest was closed.",
  },
  wirelab_relay_upstream_errors_total: {
    type: "counter",
    unit: "",
    labels: ["relay", "reason"],
    help: "Times that the upstream of a relay could not be reached, by reason.",
  },
} as const satisfies SeriesTable;
