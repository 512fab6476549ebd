/** Percentile curves on an axis that stretches towards 100 %: each step to the right leaves a tenth of the answers. */
import { formatSeconds, formatShare } from "../../base/format.ts";
import type { RunReport } from "../../load/report/report.ts";
import type { CurvePoints } from "../../runs/shapes.ts";
import type { Values } from "../ui/series.ts";

/** Labels of the axis, each with its position. */
export const TICKS: ReadonlyMap<number, string> = new Map([
  [0, "0"],
  [0.301, "50 %"],
  [1, "90 %"],
  [2, "99 %"],
  [3, "99.9 %"],
  [4, "99.99 %"],
  [5, "99.999 %"],
]);

/** The position of a quantile (0 to 1) on the axis. */
export function positionOf(quantile: number): number {
  return -Math.log10(1 - quantile);
}

/** From which percentile on the response time is over the timeout; undefined if every packet was answered within it. */
export function overText({ responseTime, plan }: Pick<RunReport, "responseTime" | "plan">): string | undefined {
  const { count, packets, over } = responseTime;
  if (count >= packets) return undefined;
  const timeout = plan?.timeoutSeconds ?? Object.values(over)[0];
  const limit = timeout === undefined ? "over the timeout" : `> ${formatSeconds(timeout)}`;
  return `${limit} above ${formatShare(count / packets)} of the packets sent`;
}

type Points = readonly (readonly [x: number, seconds: number])[];

/** Curves with a common x column, for one chart; null outside a curve's own range. */
export function curveColumns(curves: readonly CurvePoints[]): { readonly xs: number[]; readonly columns: Values[] } {
  const placed = curves.map((curve): Points => curve.map(([quantile, seconds]) => [positionOf(quantile), seconds]));
  const xs = [...new Set(placed.flat().map(([x]) => x))].sort((a, b) => a - b);
  return { xs, columns: placed.map((points): Values => xs.map((x) => valueAt(points, x))) };
}

/** The value of a curve at `x`: between two points a straight line on the logarithmic y axis. */
function valueAt(points: Points, x: number): number | null {
  const after = points.findIndex(([at]) => at >= x);
  const [x1, y1] = points[after] ?? [];
  if (x1 === undefined || y1 === undefined) return null;
  if (x1 === x) return y1;
  const [x0, y0] = points[after - 1] ?? [];
  if (x0 === undefined || y0 === undefined) return null;
  return y0 * (y1 / y0) ** ((x - x0) / (x1 - x0));
}
