/** The row that shows whether the rest of the page is current: processes that are up, alerts pending or firing. */
import { MappingType } from "@grafana/grafana-foundation-sdk/dashboard";
import { PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StateTimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { NoUnit, PacketsPerSecond, PercentUnit } from "@grafana/grafana-foundation-sdk/units";
import {
  type AnyPanel,
  ask,
  atLeast,
  DATA_SOURCE,
  LAB,
  LAB_PROTOCOL,
  type PanelText,
  rising,
  stat,
  thresholds,
} from "./parts.ts";
import { DROP_RATIO, DROP_STEPS, perSecond } from "./queries.ts";

/** Labs and clients up, current packets and drops, alerts. */
export function status(): AnyPanel[] {
  return [
    stat(
      {
        title: "Labs up",
        description: "Replicas that answer Prometheus. If it is 0, no value on this page is current.",
        unit: NoUnit,
        span: 3,
        thresholds: atLeast(1),
      },
      { expr: `sum(up{${LAB}}) or vector(0)`, legend: "labs" },
    ),
    stat(
      {
        title: "Traffic clients up",
        description: "Load runs that answer Prometheus. Without one, the panels of the client are empty.",
        unit: NoUnit,
        span: 3,
        thresholds: atLeast(1),
      },
      { expr: 'sum(up{job="wirelab-traffic"}) or vector(0)', legend: "clients" },
    ),
    stat(
      {
        title: "Packets received",
        description:
          "Packets per second received by the labs, including dropped ones: requests, messages, frames or chunks of a stream, datagrams.",
        unit: PacketsPerSecond,
        span: 7,
      },
      { expr: perSecond("packets_total", LAB_PROTOCOL, "protocol"), legend: "{{protocol}}" },
    ),
    stat(
      {
        title: "Dropped",
        description:
          "Ratio of received packets without an answer. Orange from the objective (1 %), red from 14.4 times the objective.",
        unit: PercentUnit,
        span: 7,
        thresholds: DROP_STEPS,
      },
      { expr: DROP_RATIO, legend: "{{protocol}}" },
    ),
    stat(
      {
        title: "Alerts firing",
        description:
          "Alerts of wirelab that are firing. The classroom faults fire the alert of the drop budget; this is expected.",
        unit: NoUnit,
        span: 4,
        thresholds: rising(1, 3),
      },
      { expr: 'count(ALERTS{alertname=~"Wirelab.+",alertstate="firing"}) or vector(0)', legend: "firing" },
    ),
    scrapes(),
    alerts(),
  ];
}

function scrapes(): AnyPanel {
  const text: PanelText = {
    title: "Scrapes of labs and clients",
    description:
      "Green while a process answers Prometheus, red while it does not. A bar ends when the process is stopped or removed.",
    unit: NoUnit,
    span: 12,
    thresholds: atLeast(1),
  };
  return new StateTimelineBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(DATA_SOURCE)
    .unit(text.unit)
    .thresholds(thresholds(text))
    .mappings([
      {
        type: MappingType.ValueToText,
        options: { "0": { text: "down", color: "red" }, "1": { text: "up", color: "green" } },
      },
    ])
    .span(text.span)
    .height(6)
    .mergeValues(true)
    .withTarget(ask("A", 'up{job=~"wirelab|wirelab-traffic"}', "{{job}} {{instance}}").range());
}

function alerts(): AnyPanel {
  const text: PanelText = {
    title: "Alerts, pending and firing",
    description:
      "Empty if no condition holds. Pending: the condition holds, but not yet for the duration of the alert.",
    unit: NoUnit,
    span: 12,
    thresholds: rising(1, 1),
  };
  return new TableBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(DATA_SOURCE)
    .unit(text.unit)
    .thresholds(thresholds(text))
    .noValue("none")
    .span(text.span)
    .height(6)
    .withTransformation({
      id: "organize",
      options: { excludeByName: { Time: true, Value: true, __name__: true, job: true }, indexByName: { alertname: 0 } },
    })
    .withTarget(ask("A", 'ALERTS{alertname=~"Wirelab.+"}').format(PromQueryFormat.Table).instant());
}
