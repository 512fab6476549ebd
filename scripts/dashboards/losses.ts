/** The rows that explain losses: what was done on purpose, which way packets went missing, and whether both ends agree. */
import { PacketsPerSecond, PercentUnit, Seconds } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, CLIENT_PROTOCOL, LAB_PROTOCOL, lines, logLines, rising, stackedLines } from "./parts.ts";
import { DROP_RATIO, DROP_STEPS, perSecond, quantile } from "./queries.ts";

/** Measured drops over injected faults, losses by direction and by reason. */
export function faults(): AnyPanel[] {
  return [
    lines(
      {
        title: "Measured drops over injected faults",
        description:
          "Solid: packets that got no answer. Dashed: packets that a fault took on purpose. A gap between them is a loss that nobody ordered.",
        unit: PacketsPerSecond,
        span: 12,
      },
      [
        { expr: perSecond("dropped_packets_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}} measured" },
        {
          expr: perSecond("wirelab_impairments_total", `${LAB_PROTOCOL},kind=~"drop|burst|reset"`, "protocol"),
          legend: "{{protocol}} injected",
          dashed: true,
        },
      ],
    ),
    lines(
      {
        title: "Injected faults by kind",
        description:
          "What the lab did to packets on purpose, each way: up is before the packet was handled, down is its answer. Empty without faults.",
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
        title: "Losses by direction, as the client reckons",
        description:
          "Up: the packet never arrived. Down: its answer did not. Unexplained: the target could not tell which.",
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
        title: "Drops by reason, as the lab knows",
        description:
          "Why packets got no answer. Reasons that begin with fault were injected; every other one is the lab's or the sender's.",
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

/** The client's loss and time beside the lab's, and the client's ledger. */
export function bothEnds(): AnyPanel[] {
  return [
    lines(
      {
        title: "Loss: client beside lab",
        description:
          "Solid: what the client lost of what it sent. Dashed: what the lab dropped of what it received. They part where packets vanish between the two.",
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
          "Solid: from the planned moment of sending to the answer. Dashed: the lab's own part of it. The distance is the network, the kernels and the client.",
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
          "Solid: from the planned moment. Dashed: from the actual sending. Where they part, the client sent late, and a closed loop would have hidden it.",
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
        title: "The client's ledger",
        description:
          "Where the client's packets ended. Every one sent is answered, lost, late, failed or corrupt; duplicates come on top.",
        unit: PacketsPerSecond,
        span: 12,
      },
      ["sent", "answered", "lost", "late", "failed", "corrupt", "duplicates"].map((column) => ({
        expr: `sum(rate(wirelab_load_${column}_total{${CLIENT_PROTOCOL}}[$__rate_interval]))`,
        legend: column,
        dashed: column === "sent",
      })),
    ),
    lines(
      {
        title: "Disagreement about losses, over ten minutes",
        description:
          "The client's loss less the lab's, as a share of packets. Around nought when all is well; beyond 5 % for five minutes WirelabEndsDisagree fires.",
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
