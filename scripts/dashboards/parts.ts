/**
 * Builders for the panels of both dashboards: lines, numbers, heatmaps. Each sets unit, description, thresholds and data
 * source, so that no panel is without them.
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
import { looksOf } from "./looks.ts";

/** The data source selected on the dashboard; compose provisions one with the uid `PROVISIONED_UID`. */
export const DATA_SOURCE: DataSourceRef = { type: "prometheus", uid: "$datasource" };

/** The uid in grafana/provisioning/datasources; the default of the variable `datasource`. */
export const PROVISIONED_UID = "wirelab-prometheus";

/** Label matchers of the labs selected on the dashboard; by default every replica. */
export const LAB = 'job="wirelab",instance=~"$instance"';

/** The same, for series with a protocol. */
export const LAB_PROTOCOL = `${LAB},protocol=~"$protocol"`;

/** Label matchers of the traffic clients, for series with a protocol. */
export const CLIENT_PROTOCOL = 'job="wirelab-traffic",protocol=~"$protocol"';

/** One query of a panel: the expression, and the name of each line (`{{label}}` is replaced by the label's value). */
export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Dashed lines are objectives and injected faults, next to solid lines that are measurements. */
  readonly dashed?: boolean;
}

/** What every panel must have. */
export interface PanelText {
  readonly title: string;
  /** What it shows and how to interpret it, in one or two sentences. */
  readonly description: string;
  /** A unit id of Grafana (`units` of the SDK). */
  readonly unit: string;
  /** Width, of 24 columns. */
  readonly span: number;
  /** Values at which the colour changes to orange and red; only green if no value is good or bad. */
  readonly thresholds?: readonly Threshold[];
}

const NEUTRAL: readonly Threshold[] = [{ value: null, color: "green" }];

/** Steps: green below `warn`, orange from `warn`, red from `bad`. */
export function rising(warn: number, bad: number): readonly Threshold[] {
  return [...NEUTRAL, { value: warn, color: "orange" }, { value: bad, color: "red" }];
}

/** Steps: red below `enough`, green from `enough`. */
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

/** The letter that identifies query number `index` in a panel's overrides. */
function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

/** A query with its letter. The caller sets instant or range, and the format. */
export function ask(letter: string, expr: string, legend = ""): DataqueryBuilder {
  return new DataqueryBuilder().refId(letter).datasource(DATA_SOURCE).expr(expr).legendFormat(legend);
}

/** The latest number of each series. */
export function stat(text: PanelText, query: Query): StatBuilder {
  const panel = new StatBuilder()
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
  // The colour is that of the thresholds.
  for (const { name, title } of looksOf(query.legend)) panel.overrideByName(name, [title]);
  return panel;
}

/** Lines over time on one scale, with a table of their latest, mean and highest values. */
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
  const hasPatterns = queries.every(({ dashed }) => !dashed);
  for (const [index, query] of queries.entries()) {
    panel.withTarget(ask(refId(index), query.expr, query.legend).range());
    for (const { name, title, color, pattern } of looksOf(query.legend)) {
      panel.overrideByName(name, [title, color, ...(hasPatterns && pattern ? [pattern] : [])]);
    }
    if (query.dashed) {
      panel.overrideByQuery(refId(index), [
        { id: "custom.lineStyle", value: { fill: "dash", dash: [8, 6] } },
        { id: "custom.fillOpacity", value: 0 },
      ]);
    }
  }
  return panel;
}

/** Lines over time, on a linear scale from 0. */
export function lines(text: PanelText, queries: readonly Query[]): TimeseriesBuilder {
  return plot(text, queries, new ScaleDistributionConfigBuilder().type(ScaleDistribution.Linear)).axisSoftMin(0);
}

/** Lines over time on a logarithmic scale, for values that differ by powers of ten, such as 30 µs and 1.5 s. */
export function logLines(text: PanelText, queries: readonly Query[]): TimeseriesBuilder {
  return plot(text, queries, new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
}

/** Stacked lines over time. */
export function stackedLines(text: PanelText, queries: readonly Query[]): TimeseriesBuilder {
  return lines(text, queries)
    .fillOpacity(40)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
}

/** A heatmap of a classic histogram; `expr` has one series for each `le`. */
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

/** Any panel of a dashboard. */
export type AnyPanel = Builder<Panel>;
