/** The charts of several protocols in one: each has the colour, the dash pattern and the shape that it has on the page. */
import { formatSeconds } from "../../../base/format.ts";
import { PROTOCOLS, type Protocol, REGISTRY } from "../../../base/protocol.ts";
import type { Chart, Point, Series } from "./chart.ts";
import { type CompletedRun, chartsOf } from "./run-charts.ts";

/** The CSS class of a protocol's line. */
function classOf(protocol: Protocol): string {
  return `p-${protocol}`;
}

/** The style sheet of the protocols' lines, on light and dark backgrounds. */
export const PROTOCOL_STYLE = PROTOCOLS.map((protocol) => {
  const { colors, dash } = REGISTRY[protocol].look;
  const name = classOf(protocol);
  const dashes = dash.length === 0 ? "" : ` stroke-dasharray: ${dash.join(" ")};`;
  return `.${name} { --p: light-dark(${colors.join(", ")}); } .line.${name} { stroke: var(--p);${dashes} } .dot.${name} { fill: var(--p); } li.${name}::before { background: var(--p); }`;
}).join("\n");

function seriesOf(runs: readonly CompletedRun[], pointsOf: (run: CompletedRun) => readonly Point[]): Series[] {
  return runs.map((run) => {
    const { protocol } = run.report;
    const { title, look } = REGISTRY[protocol];
    return { name: `${look.shape} ${title}`, points: pointsOf(run), style: classOf(protocol), mark: look.shape };
  });
}

/** The response times of several protocols by percentile and over time; none for one protocol, or for repeated runs. */
export function protocolCharts(runs: readonly CompletedRun[]): readonly Chart[] {
  if (runs.length < 2 || runs.some(({ report }) => report.repetition !== undefined)) return [];
  const charts = runs.map(chartsOf);
  const drawn = new Map(runs.map((run, index) => [run, charts[index]]));
  const firstLineOf = (at: number) => (run: CompletedRun) => drawn.get(run)?.[at]?.series[0]?.points ?? [];
  const ticks = charts
    .map(([percentiles]) => percentiles?.xTicks ?? [])
    .reduce((most, one) => (one.length > most.length ? one : most));
  const infinite = charts[0]?.[0]?.infinite;
  const common = { formatY: formatSeconds, ...(infinite !== undefined && { infinite }) };
  return [
    {
      ...common,
      title: "Response time of each protocol by percentile",
      xLabel: "percentile of all packets sent",
      yLabel: "response time",
      series: seriesOf(runs, firstLineOf(0)),
      xTicks: ticks,
    },
    {
      ...common,
      title: "Median response time of each protocol over time",
      xLabel: "seconds from the start",
      yLabel: "response time",
      series: seriesOf(runs, firstLineOf(1)),
    },
  ];
}
