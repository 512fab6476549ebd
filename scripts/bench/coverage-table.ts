/** The table of the coverage of intervals: its rows as markdown, and its summary. */
import type { Coverage } from "./coverage.ts";
import { tableOf } from "./markdown.ts";

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

function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`;
}

function cells({ path, packets, number, runs, truth, printed, held, tooHigh, width }: Coverage): string[] {
  const meanWidth = truth === 0 || printed === 0 ? "–" : percent(width / printed, truth);
  const shares = [percent(printed, runs), percent(held, printed), percent(tooHigh, printed)];
  return [path, String(packets), number, ...shares, meanWidth];
}

/** A markdown table of the rows. */
export function coverageRows(rows: readonly Coverage[]): string {
  return tableOf(HEAD, rows.map(cells));
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
