/** A run's report, or two beside each other: verdict, ledger, percentiles, curve, and every number explained. */

import { count, duration, grouped, inline, octets, percent } from "../../base/format.ts";
import type { RunReport, Times } from "../../load/report/report.ts";
import type { RunDetail } from "../../runs/shapes.ts";
import type { Chart } from "../ui/chart.ts";
import { h } from "../ui/dom.ts";
import { sample } from "../ui/line-sample.ts";
import { LOOKS, shapeOf } from "../ui/protocols.ts";
import { type Term, term } from "../ui/terms.ts";
import { ledgerBar } from "./accounting-bar.ts";
import { createCurves } from "./curve.ts";

/** One report with its heading. */
export interface ReportColumn {
  readonly heading: string;
  readonly report: RunReport;
  readonly detail: RunDetail;
  /** Told apart from another run of the same protocol by its dash. */
  readonly dash?: readonly number[];
}

/** A column for each report of a run. */
export function columnsOf(run: {
  readonly reports: readonly RunReport[];
  readonly details: readonly RunDetail[];
}): ReportColumn[] {
  return run.reports.flatMap((report, i) => {
    const detail = run.details[i];
    return detail ? [{ heading: LOOKS[report.protocol].name, report, detail }] : [];
  });
}

type Cell = (report: RunReport) => string;
/** A row of the table: its label (a term where it has a definition), how deep it stands, and its cells. */
type Row = readonly [label: string, cell: Cell, depth?: number, term?: Term];

function packets(name: keyof RunReport["packets"]): Cell {
  return ({ packets, evidence }) => {
    const directed = name.endsWith("Up") || name.endsWith("Down");
    return directed && evidence.kind === "none" && packets.lost > 0 ? "–" : grouped(packets[name]);
  };
}

function time(pick: (report: RunReport) => number | null): Cell {
  return (report) => inline(duration(pick(report)));
}

function times(label: string, pick: (report: RunReport) => Times, explained: Term): Row[] {
  const names = [
    ["least", "min"],
    ["mean", "mean"],
    ["p50", "p50"],
    ["p90", "p90"],
    ["p99", "p99"],
    ["p99.9", "p999"],
    ["most", "max"],
  ] as const;
  return [
    [label, () => "", 0, explained],
    ...names.map(([name, key]): Row => [name, time((report) => pick(report)[key]), 1]),
  ];
}

const LEDGER: readonly Row[] = [
  ["planned", packets("planned")],
  ["unsent", packets("unsent")],
  ["sent", packets("sent"), 0, "ledger"],
  ["answered", packets("answered"), 1],
  ["lost", packets("lost"), 1],
  ["on the way up", packets("lostUp"), 2],
  ["dropped on purpose", packets("droppedUp"), 3],
  ["on the way down", packets("lostDown"), 2],
  ["dropped on purpose", packets("droppedDown"), 3],
  ["unexplained", packets("unexplained"), 2, "unexplained"],
  ["late", packets("late"), 1, "late"],
  ["failed", packets("failed"), 1],
  ["corrupt", packets("corrupt"), 1],
  ["duplicate answers", packets("duplicate")],
  ["reordered answers", packets("reordered")],
  ["loss", ({ loss }) => inline(percent(loss.ratio)), 0, "loss"],
  ["95 % interval", ({ loss }) => `${inline(percent(loss.low))} to ${inline(percent(loss.high))}`, 1],
];

const TIMES: readonly Row[] = [
  ...times("response time", (report) => report.responseTime, "response and service time"),
  ["service time p50", time((report) => report.serviceTime.p50), 0, "response and service time"],
  ["service time p99", time((report) => report.serviceTime.p99)],
  ["server time p50", time((report) => report.serverTime.p50), 0, "server time"],
  ["jitter", time((report) => report.jitter.rfc3550), 0, "jitter"],
  ["schedule error p99", time((report) => report.scheduleError.p99), 0, "schedule error"],
];

const HEAD: readonly Row[] = [
  ["target", ({ target }) => target],
  ["rate", ({ rate }) => inline(count(rate.achieved, "/s"))],
  ["sent in", ({ durationSeconds }) => inline(duration(durationSeconds))],
  ["bytes sent, received", ({ bytes }) => `${inline(octets(bytes.sent))}, ${inline(octets(bytes.received))}`],
  ["seed", ({ seed }) => String(seed)],
];

function table(caption: string, rows: readonly Row[], columns: readonly ReportColumn[]): HTMLElement {
  const head = columns.map(({ heading, report }) =>
    h("th", { scope: "col", "data-protocol": report.protocol }, shapeOf(LOOKS[report.protocol]), heading),
  );
  const body = rows.map(([label, cell, depth = 0, explained]) =>
    h(
      "tr",
      { class: `depth-${depth}` },
      h("th", { scope: "row" }, explained ? term(explained, label) : label),
      ...columns.map(({ report }) => h("td", {}, cell(report))),
    ),
  );
  return h(
    "div",
    { class: "report-table" },
    h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, h("th"), ...head)), h("tbody", {}, ...body)),
  );
}

function verdict({ heading, report }: ReportColumn): HTMLElement {
  const { valid, reasons } = report.verdict;
  return h(
    "li",
    { class: "verdict", "data-valid": String(valid), "data-protocol": report.protocol },
    h("strong", {}, heading),
    " ",
    h("span", { class: "badge" }, valid ? "✓ valid" : "✕ not valid"),
    ...reasons.map((reason) => h("p", {}, reason)),
    ledgerBar(report),
    h("p", { class: "note" }, `Directions: ${report.evidence.text}`),
  );
}

/** The text of --explain: paragraphs whose first line is the name of what they explain. */
function explanation(text: string): HTMLElement {
  const paragraphs = text.split(/\n\n+/).filter((paragraph) => paragraph.trim() !== "");
  return h(
    "dl",
    {},
    ...paragraphs.map((paragraph) => {
      const [name = "", ...lines] = paragraph.split("\n");
      return h("div", {}, h("dt", {}, name), h("dd", {}, lines.map((line) => line.trim()).join(" ")));
    }),
  );
}

/** A report in the page. */
export interface ReportView {
  readonly element: HTMLElement;
  destroy(): void;
}

/** Shows the reports of `columns`, and `extra` before the tables. */
export function createReport(columns: readonly ReportColumn[], extra?: HTMLElement): ReportView {
  const curves: Chart = createCurves(
    columns.map(({ heading, report, detail, dash }) => {
      const look = LOOKS[report.protocol];
      return { report, detail, line: { label: heading, color: look.color, dash: dash ?? look.dash, width: 2 } };
    }),
  );
  const legend = columns.map(({ heading, report, dash }) => {
    const dashes = dash ?? LOOKS[report.protocol].dash;
    return h("li", { "data-protocol": report.protocol }, sample(dashes), heading);
  });
  const element = h(
    "div",
    { class: "report" },
    h("ul", { class: "verdicts" }, ...columns.map(verdict)),
    h(
      "div",
      { class: "report-grid" },
      h("div", { class: "report-side" }, extra, table("Ledger", LEDGER, columns), table("Run", HEAD, columns)),
      h(
        "div",
        { class: "report-side" },
        h(
          "div",
          { class: "curves" },
          h("h4", {}, term("percentile curve")),
          h("ul", { class: "legend" }, ...legend),
          curves.element,
        ),
        table("Times", TIMES, columns),
      ),
    ),
    h(
      "details",
      { class: "learn" },
      h("summary", {}, "Explain these numbers"),
      ...columns.map(({ heading, detail }) =>
        h("div", { class: "terms" }, h("h4", {}, heading), explanation(detail.explanation)),
      ),
    ),
  );
  return { element, destroy: () => curves.destroy() };
}
