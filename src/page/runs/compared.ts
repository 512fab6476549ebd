/** Two kept runs side by side. */

import type { Protocol } from "../../base/protocol.ts";
import type { Change } from "../../load/report/comparison/compare.ts";
import type { KeptRun } from "../../runs/shapes.ts";
import { columnsOf, type ReportColumn } from "../load/report.ts";
import { h } from "../ui/dom.ts";

/** The reports of one protocol in two runs. The curve of the second is dashed. */
export function pairColumns(runs: readonly [KeptRun, KeptRun], protocol: Protocol): ReportColumn[] {
  return runs.flatMap((run, i) => {
    const column = columnsOf(run).find(({ report }) => report.protocol === protocol);
    return column ? [{ ...column, heading: `${column.heading} #${run.id}`, dash: i === 0 ? [] : [5, 4] }] : [];
  });
}

/** The table of changes from the first run to the second, with the significance of each, and what limits it. */
export function createChangesTable(changes: readonly Change[], limits: readonly string[]): HTMLElement {
  const head = ["before", "after", "change", "significance"].map((name) => h("th", { scope: "col" }, name));
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
    { class: "report-table" },
    h("table", {}, h("caption", {}, "Changes"), h("thead", {}, h("tr", {}, h("td"), ...head)), h("tbody", {}, ...rows)),
    ...limits.map((limit) => h("p", { class: "note" }, limit)),
  );
}
