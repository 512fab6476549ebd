/**
 * The parts that both dashboards are made of: how wirelab draws a line, a number, a heatmap.
 *
 * Every helper sets what a reader may not miss (unit, description, thresholds, data source), so that no panel can.
 */
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  AxisPlacement,
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  type DataSourceRef,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import {
  CellValuesBuilder,
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** The data source that a dashboard's reader chose; compose provisions one, with the uid of `PROVISIONED_UID`. */
export const DATA_SOURCE: DataSourceRef = { type: "prometheus", uid: "$datasource" };

/** The uid in grafana/provisioning/datasources, which the variable `datasource` starts from. */
export const PROVISIONED_UID = "wirelab-prometheus";

/** Label matchers of the labs that the reader chose: every replica, unless one is picked. */
export const LAB = 'job="wirelab",instance=~"$instance"';

/** The same, for series with a protocol. */
export const LAB_PROTOCOL = `${LAB},protocol=~"$protocol"`;

/** Label matchers of the traffic clients, for series with a protocol. */
export const CLIENT_PROTOCOL = 'job="wirelab-traffic",protocol=~"$protocol"';

/** One query of a panel: the expression, and the name of each line (`{{label}}` is filled in). */
export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Dashed: what was promised or done on purpose, beside what was measured. */
  readonly dashed?: boolean;
}

/** What every panel must say. */
export interface PanelText {
  readonly title: string;
  /** What it shows and what to make of it, in a sentence or two. */
  readonly description: string;
  /** A unit id of Grafana, see the SDK's `units`. */
  readonly unit: string;
  /** Width, of 24 columns. */
  readonly span: number;
  /** Where a value turns orange or red; green alone when nothing is good or bad about a value. */
  readonly thresholds?: readonly Threshold[];
}

const NEUTRAL: readonly Threshold[] = [{ value: null, color: "green" }];

/** Steps that are green below `warn`, orange from there, red from `bad` on. */
export function rising(warn: number, bad: number): readonly Threshold[] {
  return [...NEUTRAL, { value: warn, color: "orange" }, { value: bad, color: "red" }];
}

/** Steps that are red below `enough` and green from there on. */
export function atLeast(enough: number): readonly Threshold[] {
  return [
    { value: null, color: "red" },
    { value: enough, color: "green" },
  ];
}

/** The panel's thresholds in the SDK's form. */
export function thresholds(text: PanelText): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...(text.thresholds ?? NEUTRAL)]);
}

/** The letter by which a panel's overrides know its query number `index`. */
function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

/** A query by its letter; for an instant or a range, and as a table or not, the caller says. */
export function ask(letter: string, expr: string, legend = ""): DataqueryBuilder {
  return new DataqueryBuilder().refId(letter).datasource(DATA_SOURCE).expr(expr).legendFormat(legend);
}

/** One number per series, now. */
export function stat(text: PanelText, query: Query): StatBuilder {
  return new StatBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(DATA_SOURCE)
    .unit(text.unit)
    .thresholds(thresholds(text))
    .span(text.span)
    .height(4)
    .noValue("–")
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .withTarget(ask("A", query.expr, query.legend).instant());
}

/** Lines over time on one scale, with a table of their latest, mean and highest values below. */
function plot(text: PanelText, queries: readonly Query[], scale: ScaleDistributionConfigBuilder): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(DATA_SOURCE)
    .unit(text.unit)
    .thresholds(thresholds(text))
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        text.thresholds ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
      ),
    )
    .span(text.span)
    .height(8)
    .scaleDistribution(scale)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Auto)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(["lastNotNull", "mean", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  for (const [index, query] of queries.entries()) {
    panel.withTarget(ask(refId(index), query.expr, query.legend).range());
    if (query.dashed) {
      panel.overrideByQuery(refId(index), [
        { id: "custom.lineStyle", value: { fill: "dash", dash: [8, 6] } },
        { id: "custom.fillOpacity", value: 0 },
      ]);
    }
  }
  return panel;
}

/** Lines over time, from nought up. */
export function lines(text: PanelText, queries: readonly Query[]): TimeseriesBuilder {
  return plot(text, queries, new ScaleDistributionConfigBuilder().type(ScaleDistribution.Linear)).axisSoftMin(0);
}

/** Lines that differ by powers of ten, such as 30 µs beside 1.5 s; such a scale has no nought. */
export function logLines(text: PanelText, queries: readonly Query[]): TimeseriesBuilder {
  return plot(text, queries, new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
}

/** Lines that add up to a whole. */
export function stackedLines(text: PanelText, queries: readonly Query[]): TimeseriesBuilder {
  return lines(text, queries)
    .fillOpacity(40)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
}

/** A heatmap of a classic histogram: `expr` gives one series per `le`. */
export function heatmap(text: PanelText, expr: string): HeatmapBuilder {
  return new HeatmapBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(DATA_SOURCE)
    .unit(text.unit)
    .thresholds(thresholds(text))
    .span(text.span)
    .height(8)
    .calculate(false)
    .rowsFrame(new RowsHeatmapOptionsBuilder().value("packets/s"))
    .cellValues(new CellValuesBuilder().unit(text.unit))
    .yAxis(new YAxisConfigBuilder().unit("s").axisPlacement(AxisPlacement.Left))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme("Turbo")
        .fill("dark-orange")
        .exponent(0.5)
        .steps(64),
    )
    .showLegend()
    .withTarget(ask("A", expr, "{{le}}").format(PromQueryFormat.Heatmap).range());
}

/** Any panel, as a dashboard takes it. */
export type AnyPanel = Builder<Panel>;
