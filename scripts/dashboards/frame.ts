/** What both dashboards have besides panels: variables, links, annotations, and the ids of panels. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { CLASSICS } from "../../src/base/protocol.ts";
import { ask, DATA_SOURCE, LAB, LAB_PROTOCOL, PROVISIONED_UID } from "./parts.ts";

const ALL = { text: ["All"], value: ["$__all"] };

/** The Prometheus data source. Provisioned with a fixed uid; selectable in another Grafana. */
function dataSourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder("datasource")
    .label("Prometheus")
    .type("prometheus")
    .current({ text: "wirelab", value: PROVISIONED_UID });
}

/** All values of a label of the labs, or some. "All" is `.*` instead of a list, so that it includes later ones. */
function labelVariable(label: string, title: string): QueryVariableBuilder {
  const query = `label_values(packets_total{job="wirelab"},${label})`;
  return new QueryVariableBuilder(label)
    .label(title)
    .datasource(DATA_SOURCE)
    .query({ qryType: 1, query, refId: "PrometheusVariableQueryEditor-VariableQuery" })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*");
}

/** The protocols that the labs serve; at first those without encryption that have a port of their own. */
function protocolVariable(): QueryVariableBuilder {
  return labelVariable("protocol", "Protocol").current({ text: [...CLASSICS], value: [...CLASSICS] });
}

/** An annotation on every panel where `expr` has a value, with the label `tag` as its text. */
function annotation(name: string, color: string, tag: string, expr: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor(color)
    .target(ask("Anno", expr).interval("5s").range())
    .titleFormat(name)
    .textFormat(`{{${tag}}}`)
    .tagKeys(tag);
}

/** A change of the faults. A restart also changes the counter (to 0) and is subtracted. */
const FAULTS_CHANGED = annotation(
  "Faults changed",
  "orange",
  "protocol",
  `sum by (protocol) (
  changes(wirelab_impairment_changes_total{${LAB_PROTOCOL}}[$__rate_interval])
  - resets(wirelab_impairment_changes_total{${LAB_PROTOCOL}}[$__rate_interval])
) > 0`,
);

const LAB_RESTARTED = annotation(
  "Lab restarted",
  "red",
  "instance",
  `changes(process_start_time_seconds{${LAB}}[$__rate_interval]) > 0`,
);

function link(title: string, tooltip: string, url: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon("external link")
    .tooltip(tooltip)
    .url(url)
    .targetBlank(true);
}

/** A dashboard without panels. */
export function frame(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["wirelab"])
    .timezone("browser")
    .time({ from: "now-15m", to: "now" })
    .refresh("5s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(dataSourceVariable())
    .withVariable(labelVariable("instance", "Lab").current(ALL))
    .withVariable(protocolVariable())
    .annotation(FAULTS_CHANGED)
    .annotation(LAB_RESTARTED)
    .link(
      new DashboardLinkBuilder("wirelab")
        .type(DashboardLinkType.Dashboards)
        .icon("dashboard")
        .tags(["wirelab"])
        .includeVars(true)
        .keepTime(true),
    )
    .link(link("Live page", "Faults and traffic of the lab on this machine", "http://127.0.0.1:5000/"))
    .link(link("API", "Every route of the lab, with examples", "http://127.0.0.1:5000/swagger"))
    .link(link("Alerts", "The alerting rules and their state in Prometheus", "http://127.0.0.1:9090/alerts"))
    .link(link("STAMP", "RFC 8762, the packet format of measurements", "https://www.rfc-editor.org/rfc/rfc8762"));
}

/** Removes the placement that the SDK adds, which hides links and annotations in a menu. */
function withoutPlacement<T extends { placement?: unknown }>(items: readonly T[] | undefined): Omit<T, "placement">[] {
  return (items ?? []).map(({ placement: _, ...rest }) => rest);
}

/** Builds the dashboard. Panels are numbered from 1 in their order, so that links to a panel survive a regeneration. */
export function finish(builder: DashboardBuilder): Dashboard {
  const dashboard = builder.build();
  return {
    ...dashboard,
    annotations: { list: withoutPlacement(dashboard.annotations.list) },
    links: withoutPlacement(dashboard.links),
    panels: (dashboard.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })),
  };
}
