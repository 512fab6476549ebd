/** A table whose rows are written again with each snapshot. */
import { h, writeRows } from "./dom.ts";

/** The element of a table, and the function that writes its rows. */
export interface RowTable {
  readonly element: HTMLTableElement;
  write(rows: readonly (readonly string[])[]): void;
}

/** A table whose first column names the rows. `corner` is the head of that column. */
export function createTable(
  head: readonly (string | HTMLElement)[],
  label: string,
  corner: string | undefined = undefined,
): RowTable {
  const body = h("tbody");
  const cells = head.map((cell) => h("th", { scope: "col" }, cell));
  const first = corner === undefined ? h("td") : h("th", { scope: "col" }, corner);
  const element = h("table", { "aria-label": label }, h("thead", {}, h("tr", {}, first, ...cells)), body);
  const makeRow = () => h("tr", {}, h("th", { scope: "row" }), ...head.map(() => h("td")));
  return { element, write: (rows) => writeRows(body, rows, makeRow) };
}
