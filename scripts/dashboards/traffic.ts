/** The rows of the lab's own view: how many packets, how many dropped, and how long answers took. */
import { PacketsPerSecond, PercentUnit, Seconds } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, heatmap, LAB_PROTOCOL, lines, logLines } from "./parts.ts";
import { DROP_RATIO, DROP_STEPS, perSecond, quantile, share } from "./queries.ts";

const P99_OBJECTIVE = 'protocol:response_time_seconds:p99_objective{protocol=~"$protocol"}';

/** Rates and the drop ratio. */
export function packets(): AnyPanel[] {
  return [
    lines(
      {
        title: "Packets per second",
        description: "Received packets by protocol, over all chosen labs.",
        unit: PacketsPerSecond,
        span: 12,
      },
      [{ expr: perSecond("packets_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}}" }],
    ),
    lines(
      {
        title: "Drop ratio",
        description:
          "Dropped over received packets. The dashed line is the objective; 14.4 times as much for an hour pages.",
        unit: PercentUnit,
        span: 12,
        thresholds: DROP_STEPS,
      },
      [
        { expr: DROP_RATIO, legend: "{{protocol}}" },
        {
          expr: 'max(protocol:dropped_packets_per_packets:objective{protocol=~"$protocol"})',
          legend: "objective",
          dashed: true,
        },
      ],
    ),
  ];
}

/** Averages, percentiles and heatmaps; the last two once for each protocol. */
export function responseTimes(): AnyPanel[] {
  const average = share("response_time_seconds_sum", "response_time_seconds_count", LAB_PROTOCOL);
  return [
    logLines(
      {
        title: "Average Response Time (per Protocol)",
        description:
          "Mean time from having a packet to handing its answer to the kernel, answered packets only, injected delay included.",
        unit: Seconds,
        span: 24,
      },
      [{ expr: average, legend: "{{protocol}}" }],
    ),
    logLines(
      {
        title: "Response time percentiles: $protocol",
        description:
          "Half, nine in ten and ninety-nine in a hundred answers were faster. Read off buckets, so exact only at their bounds; dashed: the objective for p99.",
        unit: Seconds,
        span: 24,
      },
      [
        { expr: quantile(0.5, "response_time_seconds", LAB_PROTOCOL), legend: "p50" },
        { expr: quantile(0.9, "response_time_seconds", LAB_PROTOCOL), legend: "p90" },
        { expr: quantile(0.99, "response_time_seconds", LAB_PROTOCOL), legend: "p99" },
        { expr: P99_OBJECTIVE, legend: "p99 objective", dashed: true },
      ],
    )
      .repeat("protocol")
      .repeatDirection("h")
      .maxPerRow(3),
    heatmap(
      {
        title: "Response time heatmap: $protocol",
        description: "How many answers a second took how long. Two bands are two populations, which no average shows.",
        unit: PacketsPerSecond,
        span: 24,
      },
      perSecond("response_time_seconds_bucket", LAB_PROTOCOL, "le"),
    )
      .repeat("protocol")
      .repeatDirection("h")
      .maxPerRow(3),
  ];
}
