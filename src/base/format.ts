/** Numbers as people read them, and tables. */

/** What stands where there is no number. */
export const NONE = "–";
const GAP = "   ";

/** A duration in s with three significant digits and the unit that suits it. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null) return NONE;
  const [value, unit] = seconds < 1e-3 ? [seconds * 1e6, "µs"] : seconds < 1 ? [seconds * 1e3, "ms"] : [seconds, "s"];
  return `${value === 0 ? 0 : Number(value.toPrecision(value >= 1000 ? 4 : 3))} ${unit}`;
}

/** A share as percent. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** A whole number with thousands apart. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** A rate. */
export function formatRate(rate: number): string {
  return `${rate >= 1000 ? formatCount(rate) : Number(rate.toPrecision(4))}/s`;
}

/** Rows of cells with columns of one width, the first to the left, the others to the right. */
export function layOut(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join(GAP);
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
