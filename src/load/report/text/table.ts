/** Tables in plain text. */
import { widthOf } from "./screen.ts";

/** Rows of cells. A row can be shorter than others. */
export type Rows = readonly (readonly string[])[];

/** The columns between two columns of a table, the widest first. */
const GAPS = [2, 1] as const;

/** The columns between two tables. */
const BETWEEN = "    ";

/** The width of each column. */
function widthsOf(rows: Rows): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return widths;
}

function total(widths: readonly number[], gap: number): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1);
}

function aligned(rows: Rows, widths: readonly number[], gap: number): string {
  const cellOf = (cell: string, column: number) => {
    const space = " ".repeat((widths[column] ?? 0) - widthOf(cell));
    return column === 0 ? cell + space : space + cell;
  };
  return rows.map((row) => row.map(cellOf).join(" ".repeat(gap)).trimEnd()).join("\n");
}

/**
 * Rows of cells as aligned columns: the first is left-aligned, the others are right-aligned. A table that is wider than
 * `columns` has narrower gaps; if that is not enough, its last columns are a table of their own below the others.
 */
export function layOut(rows: Rows, columns = Number.POSITIVE_INFINITY): string {
  const widths = widthsOf(rows);
  const gap = GAPS.find((gap) => total(widths, gap) <= columns);
  if (gap !== undefined || widths.length <= 2) return aligned(rows, widths, gap ?? 1);
  const fitting = widths.findLastIndex((_, last) => total(widths.slice(0, last + 1), 2) <= columns);
  const end = Math.max(2, fitting + 1);
  const rest = rows.map(([label = "", ...cells]) => [label, ...cells.slice(end - 1)]);
  const first = rows.map((row) => row.slice(0, end));
  return `${aligned(first, widthsOf(first), total(widths.slice(0, end), 2) <= columns ? 2 : 1)}\n\n${layOut(rest, columns)}`;
}

/** Whether the table has a layout of this width whose columns are not below one another. */
export function fits(rows: Rows, columns: number): boolean {
  return total(widthsOf(rows), 1) <= columns;
}

function joined(blocks: readonly string[]): string {
  const parts = blocks.map((block) => block.split("\n"));
  const widths = parts.map((lines) => Math.max(...lines.map(widthOf)));
  const height = Math.max(...parts.map((lines) => lines.length));
  const line = (index: number) =>
    parts
      .map((lines, part) => {
        const text = lines[index] ?? "";
        return text + " ".repeat((widths[part] ?? 0) - widthOf(text));
      })
      .join(BETWEEN)
      .trimEnd();
  return Array.from({ length: height }, (_, index) => line(index)).join("\n");
}

/** Blocks of lines side by side as far as they fit into `columns`, the others below them. */
export function beside(blocks: readonly string[], columns: number): string {
  const rows: string[] = [];
  let row: string[] = [];
  for (const block of blocks) {
    const wider = [...row, block];
    const width = Math.max(...joined(wider).split("\n").map(widthOf));
    if (row.length > 0 && width > columns) {
      rows.push(joined(row));
      row = [block];
    } else row = wider;
  }
  if (row.length > 0) rows.push(joined(row));
  return rows.join("\n\n");
}
