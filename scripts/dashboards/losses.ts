/** The rows about losses: injected faults, losses by direction, and the measurements of client and lab compared. */
import { PacketsPerSecond, PercentUnit, Seconds } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, CLIENT_PROTOCOL, LAB_PROTOCOL, lines, logLines, rising, stackedLines } from "./parts.ts";
import { DROP_RATIO, DROP_STEPS, perSecond, quantile } from "./queries.ts";

/** Measured drops and injected faults, losses by direction and by reason. */
export function faults(): AnyPanel[] {
  return [
    lines(
      {
        title: "Measured drops over injected faults",
        description:
          "Solid: packets without an answer. Dashed: packets dropped by an injected fault. The difference is loss that was not injected.",
        unit: PacketsPerSecond,
        span: 12,
      },
      [
        { expr: perSecond("dropped_packets_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}} measured" },
        {
          expr: perSecond(
            "wirelab_impairments_total",
            `${LAB_PROTOCOL},kind=~"drop|close|stall|burst|reset"`,
            "protocol",
          ),
          legend: "{{protocol}} injected",
          dashed: true,
        },
      ],
    ),
    lines(
      {
        title: "Injected faults by kind",
        description:
          "Faults injected by the lab. up: the packet, before it is handled. down: its answer. Empty without faults.",
        unit: PacketsPerSecond,
        span: 12,
      },
      [
        {
          expr: `${perSecond("wirelab_impairments_total", LAB_PROTOCOL, "protocol, kind, direction")} > 0`,
          legend: "{{protocol}} {{kind}} {{direction}}",
        },
      ],
    ),
    stackedLines(
      {
        title: "Losses by direction, measured by the client",
        description:
          "up: the packet did not arrive. down: its answer did not arrive. unexplained: the direction is unknown.",
        unit: PacketsPerSecond,
        span: 12,
      },
      [
        {
          expr: perSecond("wirelab_load_lost_total", CLIENT_PROTOCOL, "protocol, direction"),
          legend: "{{protocol}} {{direction}}",
        },
      ],
    ),
    stackedLines(
      {
        title: "Drops by reason, measured by the lab",
        description:
          "Packets without an answer, by reason. Reasons that begin with fault are injected; the others are caused by the lab or the sender.",
        unit: PacketsPerSecond,
        span: 12,
      },
      [
        {
          expr: `${perSecond("wirelab_drops_total", LAB_PROTOCOL, "protocol, reason")} > 0`,
          legend: "{{protocol}} {{reason}}",
        },
      ],
    ),
  ];
}

/** Loss and time of the client and the lab, and the client's packet accounting. */
export function clientAndLab(): AnyPanel[] {
  return [
    lines(
      {
        title: "Loss: client beside lab",
        description:
          "Solid: packets lost over packets sent, by the client. Dashed: packets dropped over packets received, by the lab. They differ if packets are lost between the two.",
        unit: PercentUnit,
        span: 8,
        thresholds: DROP_STEPS,
      },
      [
        {
          expr: `sum by (protocol) (rate(wirelab_load_lost_total{${CLIENT_PROTOCOL}}[$__rate_interval]))\n/\n(${perSecond("wirelab_load_sent_total", CLIENT_PROTOCOL, "protocol")} > 0)`,
          legend: "{{protocol}} client",
        },
        { expr: DROP_RATIO, legend: "{{protocol}} lab", dashed: true },
      ],
    ),
    logLines(
      {
        title: "Median time: client beside lab",
        description:
          "Of answered packets. Solid: round trip, from the intended send time to the answer. Dashed: the part in the lab. The difference is the network, the kernels and the client.",
        unit: Seconds,
        span: 8,
      },
      [
        { expr: quantile(0.5, "wirelab_load_response_time_seconds", CLIENT_PROTOCOL), legend: "{{protocol}} client" },
        { expr: quantile(0.5, "response_time_seconds", LAB_PROTOCOL), legend: "{{protocol}} lab", dashed: true },
      ],
    ),
    logLines(
      {
        title: "p99: client's response and service time",
        description:
          "Of answered packets, round trip. Solid: response time, from the intended send time. Dashed: service time, from the actual send time. They differ if the client sends late; a closed loop hides this.",
        unit: Seconds,
        span: 8,
      },
      [
        {
          expr: quantile(0.99, "wirelab_load_response_time_seconds", CLIENT_PROTOCOL),
          legend: "{{protocol}} response",
        },
        {
          expr: quantile(0.99, "wirelab_load_service_time_seconds", CLIENT_PROTOCOL),
          legend: "{{protocol}} service",
          dashed: true,
        },
      ],
    ),
    lines(
      {
        title: "The client's packet accounting",
        description:
          "Packets of the client by outcome. Each packet planned is sent, unsent or refused by the client's kernel; each packet sent is answered, lost, late, failed or corrupt; duplicates are counted in addition.",
        unit: PacketsPerSecond,
        span: 12,
      },
      ["sent", "unsent", "refused", "answered", "lost", "late", "failed", "corrupt", "duplicates"].map((column) => ({
        expr: `sum(rate(wirelab_load_${column}_total{${CLIENT_PROTOCOL}}[$__rate_interval]))`,
        legend: column,
        dashed: column === "sent",
      })),
    ),
    lines(
      {
        title: "Difference of measured losses, over ten minutes",
        description:
          "Loss ratio of the client minus drop ratio of the lab. About 0 if no packets are lost between them. More than 5 % for five minutes fires WirelabEndsDisagree.",
        unit: PercentUnit,
        span: 12,
        thresholds: rising(0.05, 0.1),
      },
      [
        {
          expr: `protocol:wirelab_load_lost_per_sent:ratio_rate10m{protocol=~"$protocol"}\n- on (protocol)\nprotocol:dropped_packets_per_packets:ratio_rate10m{protocol=~"$protocol"}`,
          legend: "{{protocol}}",
        },
      ],
    ),
  ];
}
