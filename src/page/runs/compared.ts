/** Two kept runs over each other. */
import type { Change } from "../../load/report/compare.ts";
import type { KeptRun } from "../../runs/shapes.ts";
import { columnsOf, type ReportColumn } from "../load/report.ts";
import { h } from "../ui/dom.ts";
import type { Protocol } from "../ui/protocols.ts";

/** The reports of one protocol in two runs; the second is dashed. */
export function pair(runs: readonly [KeptRun, KeptRun], protocol: Protocol): ReportColumn[] {
  return runs.flatMap((run, i) => {
    const column = columnsOf(run).find(({ report }) => report.protocol === protocol);
    return column ? [{ ...column, heading: `${column.heading} #${run.id}`, dash: i === 0 ? [] : [5, 4] }] : [];
  });
}

/** What changed, and whether by more than chance. */
export function changesTable(changes: readonly Change[]): HTMLElement {
  const head = ["", "before", "after", "change", ""].map((name) => h("th", { scope: "col" }, name));
  const rows = changes.map(({ name, before, after, change, significance }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      ...[before, after, change, significance].map((text) => h("td", {}, text)),
    ),
  );
  return h(
    "div",
    { class: "report-table changes-table" },
    h("table", {}, h("caption", {}, "What changed"), h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
  );
}
