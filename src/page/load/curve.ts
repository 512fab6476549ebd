/** The chart of percentile curves. */
import { duration, inline } from "../../base/format.ts";
import { formatTime } from "../../load/report/format-time.ts";
import type { RunReport } from "../../load/report/report.ts";
import type { RunDetail } from "../../runs/shapes.ts";
import { type Chart, createChart } from "../ui/chart.ts";
import type { Line } from "../ui/chart-style.ts";
import { curveColumns, TICKS } from "./curve-points.ts";

/** One curve. */
export interface Curve {
  readonly line: Line;
  readonly report: RunReport;
  readonly detail: RunDetail;
}

/** Creates a chart with every curve. */
export function createCurves(curves: readonly Curve[]): Chart {
  const chart = createChart({
    lines: curves.map(({ line }) => line),
    height: 240,
    axes: true,
    logarithmic: true,
    format: (value) => inline(duration(value)),
    x: { splits: [...TICKS.keys()], format: (value) => TICKS.get(value) ?? "" },
  });
  const { xs, columns } = curveColumns(curves.map(({ detail }) => detail.curve));
  chart.plot(xs, columns, 0, Math.max(2.1, (xs.at(-1) ?? 0) + 0.1));
  chart.element.setAttribute("aria-label", `Response time by percentile. ${curves.map(describe).join(". ")}`);
  return chart;
}

function describe({ line, report: { responseTime } }: Curve): string {
  const statistics = (["p50", "p90", "p95", "p99", "max"] as const).map(
    (name) => `${name} ${formatTime(responseTime, name, (seconds) => inline(duration(seconds)))}`,
  );
  return `${line.label}: ${statistics.join(", ")}`;
}
