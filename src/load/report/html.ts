/** The report as one HTML file that opens from disk without a network: charts as SVG, no script, nothing fetched. */

import { formatCount, formatSeconds, formatShare } from "../../base/format.ts";
import { quantileRanks } from "../measure/estimates.ts";
import type { Histogram } from "../measure/histogram.ts";
import type { IntervalSnapshot } from "../measure/snapshot.ts";
import { type Chart, drawChart, escapeHtml, type Point, type Tick } from "./chart.ts";
import { explain } from "./explain.ts";
import type { RunReport } from "./report.ts";
import { renderReport } from "./text.ts";

/** One protocol's part of the page. */
export interface HtmlPart {
  readonly report: RunReport;
  readonly response: Histogram;
  readonly service: Histogram;
  readonly timeline: readonly IntervalSnapshot[];
  /** For how long an answer is waited for, in s: losses are drawn where their packets were sent. */
  readonly timeoutSeconds: number;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --text: #333; --a: #2563eb; --b: #d97706; --c: #dc2626; }
@media (prefers-color-scheme: dark) { :root { --text: #ddd; --a: #60a5fa; --b: #fbbf24; --c: #f87171; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); max-width: 1360px; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 1.5rem; }
figure { margin: 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: currentColor; }
.grid { stroke: var(--line); } .tick { stroke: currentColor; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.s0 { stroke: var(--a); } .line.s1 { stroke: var(--b); } .line.s2 { stroke: var(--c); }
.bar.s0, .dot.s0 { fill: var(--a); } .bar.s1, .dot.s1 { fill: var(--b); } .bar.s2, .dot.s2 { fill: var(--c); }
ul { list-style: none; display: flex; gap: 1rem; padding: 0; margin: 0; }
li::before { content: ""; display: inline-block; width: 1em; height: 3px; vertical-align: middle; margin-right: 0.4em; }
li.s0::before { background: var(--a); } li.s1::before { background: var(--b); } li.s2::before { background: var(--c); }
.invalid { border-left: 4px solid var(--c); padding-left: 0.8rem; }
`;

const PERCENTILES = [50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999];

/** A percentile's place on an axis on which each further nine takes the same room. */
function nines(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

/** Times by percentile, as far as there are samples. */
function percentileChart({ response, service }: HtmlPart): Chart {
  const enough = PERCENTILES.filter((percent) => quantileRanks(response.count, percent / 100) !== undefined);
  const steps = 40;
  const last = nines(enough.at(-1) ?? 0);
  const points = (histogram: Histogram): Point[] =>
    histogram.count === 0
      ? []
      : Array.from({ length: steps + 1 }, (_, step): Point => {
          const at = (last * step) / steps;
          return [at, histogram.quantile(1 - 10 ** -at) ?? 0];
        });
  const ticks: Tick[] = [0, 50, 90, 99, 99.9, 99.99, 99.999]
    .filter((percent) => nines(percent) <= last)
    .map((percent) => ({ at: nines(percent), label: `${percent}` }));
  return {
    title: "Times by percentile",
    xLabel: "percentile",
    yLabel: "time",
    series: [
      { name: "response time (from the planned moment)", points: points(response) },
      { name: "service time (from the sending)", points: points(service) },
    ],
    xTicks: ticks,
    formatY: formatSeconds,
  };
}

function overTimeChart({ timeline }: HtmlPart): Chart {
  const points = (pick: (snapshot: IntervalSnapshot) => number | null): Point[] =>
    timeline.flatMap((snapshot) => {
      const value = pick(snapshot);
      return value === null ? [] : [[snapshot.seconds, value] as const];
    });
  return {
    title: "Response time over time",
    xLabel: "seconds from the start",
    yLabel: "response time",
    series: [
      { name: "p50", points: points(({ p50 }) => p50) },
      { name: "p99", points: points(({ p99 }) => p99) },
      { name: "max", points: points(({ max }) => max) },
    ],
    formatY: formatSeconds,
  };
}

/** Bars of equal ratio: each bar's times are a fixed factor longer than those of the bar before. */
function histogramChart({ response }: HtmlPart): Chart {
  const bars = 48;
  const least = Math.log10(Math.max(1e-6, response.min ?? 1e-6));
  const most = Math.log10(Math.max(2e-6, response.max ?? 1)) + 1e-6;
  const width = Math.max((most - least) / bars, 1e-6);
  const counts = new Array<number>(bars).fill(0);
  for (const { start, width: cell, count } of response.filled()) {
    const bar = Math.floor((Math.log10(Math.max(1e-9, start + cell / 2)) - least) / width);
    const index = Math.min(bars - 1, Math.max(0, bar));
    counts[index] = (counts[index] ?? 0) + count;
  }
  const ticks = [1, 2, 5].flatMap((factor) =>
    Array.from({ length: 12 }, (_, decade): Tick => {
      const value = factor * 10 ** (decade - 7);
      return { at: Math.log10(value), label: formatSeconds(value) };
    }),
  );
  const within = ticks.filter(({ at }) => at >= least && at <= most);
  return {
    title: "Histogram of the response time",
    xLabel: "response time (logarithmic)",
    yLabel: "packets",
    bars: true,
    series: [
      {
        name: "packets",
        points: response.count === 0 ? [] : counts.map((count, index) => [least + index * width, count] as const),
      },
    ],
    xTicks: [{ at: least, label: "" }, ...within, { at: most, label: "" }],
    formatY: formatCount,
  };
}

/** Losses become known one timeout after the sending; they are drawn where the packets were sent. */
function lossChart({ timeline, timeoutSeconds, report }: HtmlPart): Chart {
  const told = report.protocol === "http";
  const shift = told ? 0 : timeoutSeconds;
  const points = timeline.flatMap((snapshot, index): Point[] => {
    if (snapshot.seconds <= shift) return [];
    const lost = snapshot.lost - (timeline[index - 1]?.lost ?? 0);
    const earlier = timeline.findLast((other) => other.seconds <= snapshot.seconds - shift);
    const before = timeline.findLast((other) => other.seconds <= snapshot.seconds - shift - snapshot.interval);
    const sent = (earlier?.sent ?? 0) - (before?.sent ?? 0);
    return [[snapshot.seconds - shift, sent > 0 ? Math.min(1, Math.max(0, lost) / sent) : 0]];
  });
  return {
    title: "Loss over time",
    xLabel: told ? "seconds from the start" : "seconds from the start, at the sending",
    yLabel: "share lost",
    series: [{ name: "lost", points }],
    formatY: formatShare,
  };
}

function section(part: HtmlPart): string {
  const { report } = part;
  const charts = [percentileChart(part), overTimeChart(part), histogramChart(part), lossChart(part)].map(drawChart);
  const reasons = report.verdict.reasons.map((reason) => `<p class="invalid">Not valid: ${escapeHtml(reason)}</p>`);
  return `<section><h2>${report.protocol} to ${escapeHtml(report.target)}</h2>${reasons.join("")}<div class="charts">${charts.join("")}</div><details><summary>What each number means</summary><pre>${escapeHtml(explain(report))}</pre></details></section>`;
}

/** The whole page. */
export function renderHtml(parts: readonly HtmlPart[]): string {
  const reports = parts.map(({ report }) => report);
  const started = reports[0]?.startedAt ?? "";
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>wirelab run of ${escapeHtml(started)}</title><style>${STYLE}</style></head>
<body>
<h1>Load run of ${escapeHtml(started)}</h1>
<pre>${escapeHtml(renderReport(reports))}</pre>
${parts.map(section).join("\n")}
<details><summary>The report as JSON</summary><pre>${escapeHtml(JSON.stringify(reports.length === 1 ? reports[0] : reports, undefined, 2))}</pre></details>
</body>
</html>
`;
}
