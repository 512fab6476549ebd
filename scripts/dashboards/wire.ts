/** The rows of `wirelab internals` about the sockets: bytes, connections, and what was refused. */
import { BytesPerSecondSI, CountsPerSecond, NoUnit, PacketsPerSecond } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, LAB, LAB_PROTOCOL, lines, rising } from "./parts.ts";
import { perSecond } from "./queries.ts";

/** Bytes and connections. */
export function throughput(): AnyPanel[] {
  return [
    lines(
      {
        title: "Received bytes",
        description: "Payload that reached the labs, by protocol, without the headers of IP, UDP and TCP.",
        unit: BytesPerSecondSI,
        span: 12,
      },
      [{ expr: perSecond("wirelab_received_bytes_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}}" }],
    ),
    lines(
      {
        title: "Sent bytes",
        description: "Payload that the labs sent. On UDP never more than was received, unless a duplicate fault is on.",
        unit: BytesPerSecondSI,
        span: 12,
      },
      [{ expr: perSecond("wirelab_sent_bytes_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}}" }],
    ),
    lines(
      {
        title: "Open connections",
        description: "Connections open now. A line that only rises is a client that never closes, or a leak.",
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
        description: "TCP connections accepted a second. Near the packet rate, every packet pays for a handshake.",
        unit: CountsPerSecond,
        span: 12,
      },
      [{ expr: perSecond("wirelab_connections_total", LAB, "protocol"), legend: "{{protocol}}" }],
    ),
  ];
}

/** Input that was no packet, and datagrams that the kernel threw away. */
export function refused(): AnyPanel[] {
  return [
    lines(
      {
        title: "Rejected input by reason",
        description:
          "What came in and was no packet: malformed, too large, too slow, from a refused source. Empty when everybody behaves.",
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
          "Datagrams that the kernel threw away because the receive buffer was full. The lab never saw them: any at all is too many.",
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
