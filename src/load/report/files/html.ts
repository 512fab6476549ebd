/** The report as one HTML file that opens without a network: charts as SVG, no scripts, no external resources. */

import { describeRepetition } from "../comparison/run-set.ts";
import { explain } from "../text/explain.ts";
import { renderRepeated } from "../text/repeated-text.ts";
import type { Screen } from "../text/screen.ts";
import { renderReport } from "../text/text.ts";
import { drawChart, escapeHtml } from "./chart.ts";
import { jsonOf } from "./json.ts";
import { PROTOCOL_STYLE, protocolCharts } from "./protocol-charts.ts";
import { type CompletedRun, chartsOf } from "./run-charts.ts";

/** The columns of the report in the page's type size and width. */
const SCREEN: Screen = { columns: 120, colour: false };

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
ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1rem; padding: 0; margin: 0; }
li::before { content: ""; display: inline-block; width: 1em; height: 3px; vertical-align: middle; margin-right: 0.4em; }
li.mark::before { content: none; }
li.s0::before { background: var(--a); } li.s1::before { background: var(--b); } li.s2::before { background: var(--c); }
.invalid { border-left: 4px solid var(--c); padding-left: 0.8rem; }
${PROTOCOL_STYLE}
`;

function section(run: CompletedRun): string {
  const { report } = run;
  const charts = chartsOf(run).map(drawChart);
  const reasons = report.verdict.reasons.map((reason) => `<p class="invalid">Not valid: ${escapeHtml(reason)}</p>`);
  const { repetition } = report;
  const number = repetition === undefined ? "" : `, ${describeRepetition(repetition)}`;
  return `<section><h2>${report.protocol} to ${escapeHtml(report.target)}${number}</h2>${reasons.join("")}<div class="charts">${charts.join("")}</div><details><summary>What each number means</summary><pre>${escapeHtml(explain(report))}</pre></details></section>`;
}

/** The charts of all protocols together; empty for one. */
function together(runs: readonly CompletedRun[]): string {
  const charts = protocolCharts(runs).map(drawChart);
  return charts.length === 0
    ? ""
    : `<section><h2>Side by side</h2><div class="charts">${charts.join("")}</div></section>\n`;
}

/** The page for the runs of one command. */
export function renderHtml(runs: readonly CompletedRun[]): string {
  const reports = runs.map(({ report }) => report);
  const isRepeated = reports[0]?.repetition !== undefined;
  const started = escapeHtml(reports[0]?.startedAt ?? "");
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>wirelab run of ${started}</title><style>${STYLE}</style></head>
<body>
<h1>Load run of ${started}</h1>
<pre>${escapeHtml(isRepeated ? renderRepeated(reports, SCREEN) : renderReport(reports, SCREEN))}</pre>
${together(runs)}${runs.map(section).join("\n")}
<details><summary>The report as JSON</summary><pre>${escapeHtml(jsonOf(reports, isRepeated))}</pre></details>
</body>
</html>
`;
}
