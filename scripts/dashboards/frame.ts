/** What surrounds the panels of both dashboards: variables, links, annotations, and the numbering of panels. */
import {
  AnnotationQueryBuilder,
  CustomVariableBuilder,
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
import { ask, DATA_SOURCE, LAB, LAB_PROTOCOL, PROVISIONED_UID } from "./parts.ts";

const ALL = { text: ["All"], value: ["$__all"] };

/** The Prometheus to ask. Provisioned with a fixed uid; on another Grafana the reader picks one here. */
function dataSourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder("datasource")
    .label("Prometheus")
    .type("prometheus")
    .current({ text: "wirelab", value: PROVISIONED_UID });
}

/** All labs, or some: `.*` rather than a list, so that a replica that comes later is in the sum at once. */
function instanceVariable(): QueryVariableBuilder {
  const query = 'label_values(packets_total{job="wirelab"},instance)';
  return new QueryVariableBuilder("instance")
    .label("Lab")
    .datasource(DATA_SOURCE)
    .query({ qryType: 1, query, refId: "PrometheusVariableQueryEditor-VariableQuery" })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current(ALL);
}

function protocolVariable(): CustomVariableBuilder {
  return new CustomVariableBuilder("protocol")
    .label("Protocol")
    .values("http,tcp,udp")
    .multi(true)
    .includeAll(true)
    .current(ALL);
}

/** A mark on every panel wherever `expr` has a value, with the label `tag` as its text. */
function mark(name: string, color: string, tag: string, expr: string): AnnotationQueryBuilder {
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

/** Somebody changed the faults. A restart sets the counter back, which is a change too, and not meant. */
const FAULTS_CHANGED = mark(
  "Faults changed",
  "orange",
  "protocol",
  `sum by (protocol) (
  changes(wirelab_impairment_changes_total{${LAB_PROTOCOL}}[$__rate_interval])
  - resets(wirelab_impairment_changes_total{${LAB_PROTOCOL}}[$__rate_interval])
) > 0`,
);

const LAB_RESTARTED = mark(
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

/** A dashboard with everything but its panels. */
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
    .withVariable(instanceVariable())
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
    .link(link("API", "Every route of the lab, to try out", "http://127.0.0.1:5000/swagger"))
    .link(link("Alerts", "The rules and their state in Prometheus", "http://127.0.0.1:9090/alerts"))
    .link(link("STAMP", "RFC 8762, the packet format of the measurements", "https://www.rfc-editor.org/rfc/rfc8762"));
}

/** The SDK puts every link and annotation away into a menu; without its word for that they stand above the panels. */
function inSight<T extends { placement?: unknown }>(items: readonly T[] | undefined): Omit<T, "placement">[] {
  return (items ?? []).map(({ placement: _, ...rest }) => rest);
}

/** The finished dashboard: panels numbered from 1 in reading order, so that a panel's link outlives a regeneration. */
export function finish(builder: DashboardBuilder): Dashboard {
  const dashboard = builder.build();
  return {
    ...dashboard,
    annotations: { list: inSight(dashboard.annotations.list) },
    links: inSight(dashboard.links),
    panels: (dashboard.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })),
  };
}
