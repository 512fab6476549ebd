/** The packet accounting, the losses and the sending as tables, without the rows that are zero. */
import { NONE } from "../../../base/format.ts";
import type { RunReport } from "../report.ts";
import { lossRows, packetRows, type Row, sendingRows } from "./accounting-rows.ts";
import { paint, type Screen, wrap } from "./screen.ts";
import { beside, fits, layOut, type Rows } from "./table.ts";

type Reports = readonly RunReport[];

/** The rows that are shown, and the names of those that are folded. */
interface Folded {
  readonly rows: string[][];
  readonly zero: Set<string>;
  readonly missing: Set<string>;
}

const ZERO = /^0( %|\/s)?$/;

/** Adds the rows with their parts; a row without a number other than 0 is folded, with its parts. */
function fold(rows: readonly Row[], reports: Reports, into: Folded, depth = 0): void {
  for (const { label, name = label, cell, isKept = false, parts = [] } of rows) {
    const cells = reports.map(cell);
    if (!isKept && cells.every((text) => ZERO.test(text))) into.zero.add(name);
    else if (!isKept && cells.every((text) => text === NONE)) into.missing.add(name);
    else {
      into.rows.push([`${"  ".repeat(depth)}${label}`, ...cells]);
      fold(parts, reports, into, depth + 1);
    }
  }
}

/** Tables whose columns are the reports; as many reports in each as fit side by side. */
function tables(reports: Reports, screen: Screen, folded: Pick<Folded, "zero" | "missing">): string[] {
  const head = reports.length > 1 ? [["", ...reports.map(({ protocol }) => paint(screen, "strong", protocol))]] : [];
  return [packetRows(reports), [...lossRows(reports), ...sendingRows(reports)]].flatMap((rows) => {
    const table: Folded = { rows: [...head], ...folded };
    fold(rows, reports, table);
    return chunksOf(table.rows, reports.length, screen.columns).map((rows) => layOut(rows, screen.columns));
  });
}

/** The columns of a table after the first, in tables that are not wider than `columns`; each has one column at least. */
function chunksOf(rows: Rows, count: number, columns: number): Rows[] {
  const part = (from: number, to: number) =>
    rows.map(([label = "", ...cells]) => [
      label,
      ...Array.from({ length: to - from }, (_, at) => cells[from + at] ?? ""),
    ]);
  const chunks: Rows[] = [];
  for (let from = 0; from < count; ) {
    let to = from + 1;
    while (to < count && fits(part(from, to + 1), columns)) to++;
    chunks.push(part(from, to));
    from = to;
  }
  return chunks;
}

const BOUND = "* with 95 % confidence, if losses are independent";

/** The accounting as lines; rows that are zero or have no value for every report are folded into one line each. */
export function accounting(reports: Reports, screen: Screen): string {
  const folded = { zero: new Set<string>(), missing: new Set<string>() };
  const text = beside(tables(reports, screen, folded), screen.columns);
  const line = (label: string, names: ReadonlySet<string>) =>
    names.size === 0
      ? []
      : [paint(screen, "faint", wrap(`${label}: ${[...names].join(", ")}`, screen.columns, "", "  "))];
  return [
    text,
    ...(text.includes("at most *") ? [paint(screen, "faint", BOUND)] : []),
    ...line("zero", folded.zero),
    ...line("no value", folded.missing),
  ].join("\n");
}
