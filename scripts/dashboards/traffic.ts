/** The rows about the lab's packets, drops and response times. */
import { PacketsPerSecond, PercentUnit, Seconds } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, heatmap, LAB_PROTOCOL, lines, logLines } from "./parts.ts";
import { DROP_RATIO, DROP_STEPS, perSecond, quantile, ratio } from "./queries.ts";

const P99_OBJECTIVE = 'protocol:response_time_seconds:p99_objective{protocol=~"$protocol"}';

/** Rates and the drop ratio. */
export function packets(): AnyPanel[] {
  return [
    lines(
      {
        title: "Packets per second",
        description: "Packets received, by protocol, summed over the selected labs.",
        unit: PacketsPerSecond,
        span: 12,
      },
      [{ expr: perSecond("packets_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}}" }],
    ),
    lines(
      {
        title: "Drop ratio",
        description:
          "Packets dropped over packets received. Dashed: the objective. 14.4 times the objective for an hour pages.",
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

/** Averages, percentiles and heatmaps; the latter two for each protocol. */
export function responseTimes(): AnyPanel[] {
  const average = ratio("response_time_seconds_sum", "response_time_seconds_count", LAB_PROTOCOL);
  return [
    logLines(
      {
        title: "Average Response Time (per Protocol)",
        description:
          "Mean time from receiving a packet to passing its answer to the kernel. Answered packets only, injected delay included.",
        unit: Seconds,
        span: 24,
      },
      [{ expr: average, legend: "{{protocol}}" }],
    ),
    logLines(
      {
        title: "Response time percentiles: $protocol",
        description:
          "50 %, 90 % and 99 % of the answers were faster. Interpolated in histogram buckets, so exact only at their bounds. Dashed: the objective of the p99.",
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
      .maxPerRow(4),
    heatmap(
      {
        title: "Response time heatmap: $protocol",
        description:
          "Answers per second by response time. Two bands are two populations, which an average does not show.",
        unit: PacketsPerSecond,
        span: 24,
      },
      perSecond("response_time_seconds_bucket", LAB_PROTOCOL, "le"),
    )
      .repeat("protocol")
      .repeatDirection("h")
      .maxPerRow(4),
  ];
}
