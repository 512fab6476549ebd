/** The table of the coverage of intervals: its rows as markdown, its summary, and its place in a document. */
import type { Coverage } from "./coverage.ts";

const HEAD = [
  "path",
  "packets",
  "interval of",
  "runs with an interval",
  "contain the true value",
  "lie above it",
  "mean width",
];
/** The share of intervals that contain the true value, as it should be. */
const [LEAST, MOST] = [0.92, 0.98];
/** Rows with intervals in a smaller share of the runs count as rows without. */
const FEWEST_PRINTED = 0.05;
const [BEGIN, END] = ["<!-- coverage:begin -->", "<!-- coverage:end -->"];

function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`;
}

function cells({ path, packets, number, runs, truth, printed, held, tooHigh, width }: Coverage): string[] {
  const meanWidth = truth === 0 || printed === 0 ? "–" : percent(width / printed, truth);
  const shares = [percent(printed, runs), percent(held, printed), percent(tooHigh, printed)];
  return [path, String(packets), number, ...shares, meanWidth];
}

/** A markdown table of the rows, with aligned columns. */
export function tableOf(rows: readonly Coverage[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [head, ...body] = lines.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [head, rule, ...body].join("\n");
}

/** Whether the row is that of an interval of a value, not of a difference or an objective, and enough runs have it. */
export function hasIntervals({ number, printed, runs }: Coverage): boolean {
  return !/change|objective/.test(number) && printed >= FEWEST_PRINTED * runs;
}

/** One line: how many of the rows contain the true value as often as they should. */
export function summaryOf(rows: readonly Coverage[]): string {
  const shares = rows.filter(hasIntervals).map(({ held, printed }) => held / printed);
  const [below, above] = [
    shares.filter((share) => share < LEAST).length,
    shares.filter((share) => share > MOST).length,
  ];
  return `coverage: ${shares.length - below - above} of ${shares.length} rows within 92 to 98 %, ${below} below, ${above} above`;
}

/** The document with `text` between the markers of the table; undefined if it has no markers. */
export function withTable(document: string, text: string): string | undefined {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) return undefined;
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${document.slice(end)}`;
}
