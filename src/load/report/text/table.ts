/** Tables in plain text. */

const GAP = "   ";

/** Rows of cells as aligned columns: the first is left-aligned, the others are right-aligned. */
export function layOut(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join(GAP);
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
