/** The percentile curve: how slow the slowest share of answers was. */

import { duration, inline } from "../../base/format.ts";
import type { RunReport } from "../../load/report/report.ts";
import type { RunDetail } from "../../runs/shapes.ts";
import { type Chart, createChart } from "../ui/chart.ts";
import type { Line } from "../ui/chart-style.ts";
import type { Values } from "../ui/series.ts";

/** One curve. */
export interface Curve {
  readonly line: Line;
  readonly report: RunReport;
  readonly detail: RunDetail;
}

const TICKS = [0, 0.301, 1, 2, 3, 4, 5];
const NAMES = ["0", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"];

/** Where a quantile stands on the axis: each step to the right is ten times rarer. */
function place(q: number): number {
  return -Math.log10(1 - q);
}

/** The curve on the axis of the chart. */
function points({ detail }: Curve): readonly (readonly [number, number])[] {
  return detail.curve.map(([quantile, seconds]) => [place(quantile), seconds] as const);
}

/** Draws curves over each other. */
export function createCurves(curves: readonly Curve[]): Chart {
  const chart = createChart({
    lines: curves.map(({ line }) => line),
    height: 240,
    axes: true,
    logarithmic: true,
    format: (value) => inline(duration(value)),
    x: { splits: TICKS, format: (value) => NAMES[TICKS.indexOf(value)] ?? "" },
  });
  const known = curves.map(points);
  const xs = [...new Set(known.flat().map(([x]) => x))].sort((a, b) => a - b);
  const columns = known.map((curve): Values => xs.map((x) => valueAt(curve, x)));
  chart.plot(xs, columns, 0, Math.max(2.1, (xs.at(-1) ?? 0) + 0.1));
  chart.element.setAttribute("role", "img");
  chart.element.setAttribute("aria-label", describe(curves));
  return chart;
}

/** Between two points the curve is straight on the logarithmic axis; beyond them there is none. */
function valueAt(curve: readonly (readonly [number, number])[], x: number): number | null {
  const after = curve.findIndex(([at]) => at >= x);
  const [x1, y1] = curve[after] ?? [];
  if (x1 === undefined || y1 === undefined) return null;
  if (x1 === x) return y1;
  const [x0, y0] = curve[after - 1] ?? [];
  if (x0 === undefined || y0 === undefined) return null;
  return y0 * (y1 / y0) ** ((x - x0) / (x1 - x0));
}

function describe(curves: readonly Curve[]): string {
  const parts = curves.map(({ line, report: { responseTime } }) => {
    const { p50, p90, p99, max } = responseTime;
    return `${line.label}: p50 ${inline(duration(p50))}, p90 ${inline(duration(p90))}, p99 ${inline(duration(p99))}, most ${inline(duration(max))}`;
  });
  return `Response time by percentile. ${parts.join(". ")}`;
}
