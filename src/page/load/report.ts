/** The report of a run, or of several side by side: verdict, packet accounting, times, percentile curve, explanations. */
import type { RunReport } from "../../load/report/report.ts";
import type { RunDetail } from "../../runs/shapes.ts";
import type { Chart } from "../ui/chart.ts";
import { h } from "../ui/dom.ts";
import { lineSample } from "../ui/line-sample.ts";
import { colorOf, dashOf, labelOf, titleOf } from "../ui/protocols.ts";
import { definitions, learnMore, term } from "../ui/terms.ts";
import { createCurves } from "./curve.ts";
import { overText } from "./curve-points.ts";
import { ACCOUNTING_ROWS, type ReportRow, RUN_ROWS, TIME_ROWS } from "./report-rows.ts";
import { createVerdict } from "./verdict.ts";

/** Columns of a table beside which there is a place for another table. */
const MOST_BESIDE = 3;

/** One report with its heading. */
export interface ReportColumn {
  readonly heading: string;
  readonly report: RunReport;
  readonly detail: RunDetail;
  /** Dash pattern of its curve; the protocol's unless given. */
  readonly dash?: readonly number[];
}

/** A column for each report of a run. */
export function columnsOf(run: {
  readonly reports: readonly RunReport[];
  readonly details: readonly RunDetail[];
}): ReportColumn[] {
  return run.reports.flatMap((report, i) => {
    const detail = run.details[i];
    return detail ? [{ heading: titleOf(report.protocol), report, detail }] : [];
  });
}

function createTable(caption: string, rows: readonly ReportRow[], columns: readonly ReportColumn[]): HTMLElement {
  const head = columns.map(({ heading, report: { protocol } }) =>
    h("th", { scope: "col", "data-protocol": protocol }, ...labelOf(protocol, heading)),
  );
  const shown = rows.filter(({ applies = () => true }) => columns.some(({ report }) => applies(report)));
  const body = shown.map(({ label, cell, depth, term: definition }) =>
    h(
      "tr",
      { class: `depth-${depth}` },
      h("th", { scope: "row" }, definition ? term(definition, label) : label),
      ...columns.map(({ report }) => h("td", {}, cell(report))),
    ),
  );
  return h(
    "div",
    { class: "report-table" },
    h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, h("td"), ...head)), h("tbody", {}, ...body)),
  );
}

/** The text of `--explain` as a definition list. Each of its paragraphs starts with a line that holds the term. */
function createExplanation({ heading, detail }: ReportColumn): HTMLElement {
  const paragraphs = detail.explanation.split(/\n\n+/).filter((paragraph) => paragraph.trim() !== "");
  const entries = paragraphs.map((paragraph) => {
    const [name = "", ...lines] = paragraph.split("\n");
    return [name, lines.map((line) => line.trim()).join(" ")] as const;
  });
  return h("div", { class: "terms" }, h("h4", {}, heading), definitions(entries));
}

function createCurveSection(columns: readonly ReportColumn[]): { element: HTMLElement; chart: Chart } {
  const dashes = columns.map(({ report, dash }) => dash ?? dashOf(report.protocol));
  const chart = createCurves(
    columns.map(({ heading, report, detail }, i) => {
      return {
        report,
        detail,
        line: { label: heading, color: colorOf(report.protocol), dash: dashes[i] ?? [], width: 2 },
      };
    }),
  );
  const legend = columns.map(({ heading, report: { protocol } }, i) => {
    const [shape, title] = labelOf(protocol, heading);
    return h("li", { "data-protocol": protocol }, shape, lineSample(dashes[i] ?? []), title);
  });
  const title = h("h4", {}, term("percentile curve"));
  const over = columns.flatMap(({ heading, report }) => {
    const text = overText(report);
    return text === undefined ? [] : [h("p", { class: "note" }, `${heading}: ${text}.`)];
  });
  return {
    chart,
    element: h("div", { class: "curves" }, title, h("ul", { class: "legend" }, ...legend), chart.element, ...over),
  };
}

/** Tables of several reports take the whole width of a narrow window, those of many that of any. */
function gridClass(reports: number): string {
  if (reports > MOST_BESIDE) return "report-grid many";
  return reports > 1 ? "report-grid several" : "report-grid";
}

/** A report on the page. */
export interface ReportView {
  readonly element: HTMLElement;
  destroy(): void;
}

/** Creates the view of `columns`, with `extra` before the tables. */
export function createReport(columns: readonly ReportColumn[], extra?: HTMLElement): ReportView {
  const curves = createCurveSection(columns);
  const accounting = createTable("Packet accounting", ACCOUNTING_ROWS, columns);
  const run = createTable("Run", RUN_ROWS, columns);
  const times = createTable("Times", TIME_ROWS, columns);
  const element = h(
    "div",
    { class: "report" },
    h("ul", { class: "verdicts" }, ...columns.map(({ heading, report }) => createVerdict(heading, report))),
    h(
      "div",
      { class: gridClass(columns.length) },
      h("div", { class: "report-side" }, extra, accounting, run),
      h("div", { class: "report-side" }, curves.element, times),
    ),
    learnMore("Explain these numbers", ...columns.map(createExplanation)),
  );
  return { element, destroy: () => curves.chart.destroy() };
}
