/** The rows of `wirelab internals` about the sockets: bytes, connections and rejected input. */
import { BytesPerSecondSI, CountsPerSecond, NoUnit, PacketsPerSecond } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, LAB, LAB_PROTOCOL, lines, rising } from "./parts.ts";
import { perSecond } from "./queries.ts";

/** Bytes and connections. */
export function throughput(): AnyPanel[] {
  return [
    lines(
      {
        title: "Received bytes",
        description: "Payload received by the labs, by protocol, without the headers of IP, UDP and TCP.",
        unit: BytesPerSecondSI,
        span: 12,
      },
      [{ expr: perSecond("wirelab_received_bytes_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}}" }],
    ),
    lines(
      {
        title: "Sent bytes",
        description:
          "Payload sent by the labs, by protocol. On UDP never more than received, except with the duplicate fault.",
        unit: BytesPerSecondSI,
        span: 12,
      },
      [{ expr: perSecond("wirelab_sent_bytes_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}}" }],
    ),
    lines(
      {
        title: "Open connections",
        description: "Open connections. A line that only rises is a client that never closes connections, or a leak.",
        unit: NoUnit,
        span: 12,
      },
      [
        {
          expr: `sum by (protocol) (wirelab_open_connections{${LAB_PROTOCOL}})`,
          legend: "{{protocol}}",
        },
      ],
    ),
    lines(
      {
        title: "New connections",
        description:
          "TCP connections accepted per second. If it is near the packet rate, every packet has a handshake.",
        unit: CountsPerSecond,
        span: 12,
      },
      [{ expr: perSecond("wirelab_connections_total", LAB, "protocol"), legend: "{{protocol}}" }],
    ),
  ];
}

/** Rejected input, and datagrams dropped by the kernel. */
export function rejected(): AnyPanel[] {
  return [
    lines(
      {
        title: "Rejected input by reason",
        description:
          "Input that was rejected: malformed, too large, too slow, from a source that is not answered. Normally empty.",
        unit: CountsPerSecond,
        span: 12,
        thresholds: rising(1, 100),
      },
      [
        {
          expr: `${perSecond("wirelab_rejected_total", LAB_PROTOCOL, "protocol, reason")} > 0`,
          legend: "{{protocol}} {{reason}}",
        },
      ],
    ),
    lines(
      {
        title: "Kernel drops",
        description:
          "Datagrams that the kernel dropped because the receive buffer of the socket was full. The lab does not count them as packets. Should be 0.",
        unit: PacketsPerSecond,
        span: 12,
        thresholds: rising(0.001, 1),
      },
      [
        {
          expr: perSecond("wirelab_udp_receive_buffer_drops_total", LAB, "instance, socket"),
          legend: "{{instance}} {{socket}}",
        },
      ],
    ),
  ];
}
