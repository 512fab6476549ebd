/** The rows of `wirelab internals` about the process: event loop, cpu, memory, files, bounded structures, builds. */
import { PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { BytesIEC, CountsPerSecond, NoUnit, PercentUnit, Seconds } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, ask, DATA_SOURCE, LAB, lines, logLines, type PanelText, rising, thresholds } from "./parts.ts";
import { perSecond } from "./queries.ts";

/** What the process costs, and how late it is. */
export function process(): AnyPanel[] {
  const lag = (q: number) =>
    `histogram_quantile(${q}, ${perSecond("wirelab_event_loop_lag_seconds_bucket", LAB, "instance, le")})`;
  return [
    logLines(
      {
        title: "Event-loop lag",
        description: "How late the event loop comes round. Every response time of the lab is late by as much.",
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
          "Share of one core. A lab runs on one: near 100 % it is the bottleneck, and its times are its own.",
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
          "Resident memory. It must stay level whatever the traffic: every structure that traffic fills has a cap.",
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
        description: "Open file descriptors as a share of what the process may have. At 100 % new connections fail.",
        unit: PercentUnit,
        span: 12,
        thresholds: rising(0.7, 0.9),
      },
      [{ expr: `process_open_fds{${LAB}} / process_max_fds{${LAB}}`, legend: "{{instance}}" }],
    ),
  ];
}

/** Structures that turn something away when they are full; the packet log only forgets. */
const TURNING_AWAY = `${LAB},structure!="packet-log"`;

/** Structures that traffic could fill, their caps, and the packet log. */
export function bounds(): AnyPanel[] {
  return [
    lines(
      {
        title: "Bounded structures, share of the cap",
        description:
          "How full each structure is that traffic could fill. At 100 % the cap bites, and the panel beside counts it. The packet log is left out: it forgets its oldest entry, and is full from its first minutes on.",
        unit: PercentUnit,
        span: 12,
        thresholds: rising(0.8, 1),
      },
      [
        {
          expr: `max by (instance, structure) (wirelab_bounded_size{${TURNING_AWAY}} / wirelab_bounded_limit{${TURNING_AWAY}})`,
          legend: "{{instance}} {{structure}}",
        },
      ],
    ),
    lines(
      {
        title: "Caps that bit",
        description: "What was turned away because a structure was full. Empty in ordinary times.",
        unit: CountsPerSecond,
        span: 12,
        thresholds: rising(1, 100),
      },
      [
        {
          expr: `${perSecond("wirelab_bounded_overflows_total", TURNING_AWAY, "structure")} > 0`,
          legend: "{{structure}}",
        },
      ],
    ),
    lines(
      {
        title: "Caps",
        description: "The cap of each structure, from the configuration, and how much of it is used.",
        unit: NoUnit,
        span: 12,
      },
      [
        { expr: `sum by (structure) (wirelab_bounded_size{${LAB}})`, legend: "{{structure}}" },
        { expr: `sum by (structure) (wirelab_bounded_limit{${LAB}})`, legend: "{{structure}} cap", dashed: true },
      ],
    ),
    lines(
      {
        title: "Packet log",
        description: "Packets written to the log and packets left out, so that the log never slows them down.",
        unit: CountsPerSecond,
        span: 12,
      },
      [
        { expr: `sum(rate(wirelab_packet_log_entries_total{${LAB}}[$__rate_interval]))`, legend: "written" },
        {
          expr: `sum(rate(wirelab_packet_log_skipped_total{${LAB}}[$__rate_interval]))`,
          legend: "left out",
          dashed: true,
        },
      ],
    ),
  ];
}

/** Which builds run. */
export function builds(): AnyPanel {
  const text: PanelText = {
    title: "What runs",
    description: "Version, commit and Bun of each process. Two rows that differ are two builds side by side.",
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
