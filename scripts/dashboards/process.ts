/** The rows of `wirelab internals` about the process: event loop, CPU, memory, files, bounded structures, builds. */
import { PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { BytesIEC, CountsPerSecond, NoUnit, PercentUnit, Seconds } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, ask, DATA_SOURCE, LAB, lines, logLines, type PanelText, rising, thresholds } from "./parts.ts";
import { perSecond } from "./queries.ts";

/** Event-loop lag and resources. */
export function process(): AnyPanel[] {
  const lag = (q: number) =>
    `histogram_quantile(${q}, ${perSecond("wirelab_event_loop_lag_seconds_bucket", LAB, "instance, le")})`;
  return [
    logLines(
      {
        title: "Event-loop lag",
        description: "Delay of the event loop's timer. Every response time of the lab includes it.",
        unit: Seconds,
        span: 12,
        thresholds: rising(0.05, 0.1),
      },
      [
        { expr: lag(0.5), legend: "{{instance}} p50" },
        { expr: lag(0.99), legend: "{{instance}} p99" },
      ],
    ),
    lines(
      {
        title: "CPU",
        description:
          "CPU time as a ratio of one core. A lab uses one core: near 100 %, response times are limited by the lab itself.",
        unit: PercentUnit,
        span: 12,
        thresholds: rising(0.7, 0.9),
      },
      [
        { expr: perSecond("process_cpu_seconds_total", LAB, "instance, mode"), legend: "{{instance}} {{mode}}" },
        {
          expr: perSecond("process_cpu_seconds_total", 'job="wirelab-traffic"', "instance"),
          legend: "client {{instance}}",
          dashed: true,
        },
      ],
    ),
    lines(
      {
        title: "Memory",
        description:
          "Resident memory. It does not depend on the traffic: every structure that traffic fills is bounded.",
        unit: BytesIEC,
        span: 12,
      },
      [
        { expr: `process_resident_memory_bytes{${LAB}}`, legend: "{{instance}}" },
        { expr: 'process_resident_memory_bytes{job="wirelab-traffic"}', legend: "client {{instance}}", dashed: true },
      ],
    ),
    lines(
      {
        title: "Open files",
        description: "Open file descriptors over the limit of the process. At 100 % new connections fail.",
        unit: PercentUnit,
        span: 12,
        thresholds: rising(0.7, 0.9),
      },
      [{ expr: `process_open_fds{${LAB}} / process_max_fds{${LAB}}`, legend: "{{instance}}" }],
    ),
  ];
}

/** Structures that reject or drop something when they are full; the packet log overwrites its oldest entry. */
const REJECTING = `${LAB},structure!="packet-log"`;

/** Bounded structures, their limits, and the packet log. */
export function bounds(): AnyPanel[] {
  return [
    lines(
      {
        title: "Bounded structures, relative to their limit",
        description:
          "Entries over the limit of each structure. At 100 % further entries overflow; the next panel counts them. Without the packet log, which overwrites its oldest entry and is always full.",
        unit: PercentUnit,
        span: 12,
        thresholds: rising(0.8, 1),
      },
      [
        {
          expr: `max by (instance, structure) (wirelab_bounded_size{${REJECTING}} / wirelab_bounded_limit{${REJECTING}})`,
          legend: "{{instance}} {{structure}}",
        },
      ],
    ),
    lines(
      {
        title: "Overflows of bounded structures",
        description: "Entries rejected or dropped because a structure was full. Normally empty.",
        unit: CountsPerSecond,
        span: 12,
        thresholds: rising(1, 100),
      },
      [
        {
          expr: `${perSecond("wirelab_bounded_overflows_total", REJECTING, "structure")} > 0`,
          legend: "{{structure}}",
        },
      ],
    ),
    lines(
      {
        title: "Entries and limits of bounded structures",
        description: "Solid: entries of each structure. Dashed: its limit from the configuration.",
        unit: NoUnit,
        span: 12,
      },
      [
        { expr: `sum by (structure) (wirelab_bounded_size{${LAB}})`, legend: "{{structure}}" },
        { expr: `sum by (structure) (wirelab_bounded_limit{${LAB}})`, legend: "{{structure}} limit", dashed: true },
      ],
    ),
    lines(
      {
        title: "Packet log",
        description: "Packets logged, and packets left out by the sampling that limits the cost of the log.",
        unit: CountsPerSecond,
        span: 12,
      },
      [
        { expr: `sum(rate(wirelab_packet_log_entries_total{${LAB}}[$__rate_interval]))`, legend: "logged" },
        {
          expr: `sum(rate(wirelab_packet_log_skipped_total{${LAB}}[$__rate_interval]))`,
          legend: "left out",
          dashed: true,
        },
      ],
    ),
  ];
}

/** The builds that run. */
export function builds(): AnyPanel {
  const text: PanelText = {
    title: "Builds",
    description: "Version, commit and Bun version of each process. Rows that differ are different builds.",
    unit: NoUnit,
    span: 24,
    thresholds: rising(2, 2),
  };
  return new TableBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(DATA_SOURCE)
    .unit(text.unit)
    .thresholds(thresholds(text))
    .span(text.span)
    .height(5)
    .withTransformation({ id: "organize", options: { excludeByName: { Time: true, Value: true, __name__: true } } })
    .withTarget(ask("A", 'wirelab_build_info{job=~"wirelab|wirelab-traffic"}').format(PromQueryFormat.Table).instant());
}
