/** What is kept of a run beside its report: its percentile curve, and its numbers explained. */

import type { Histogram } from "../load/measure/histogram.ts";
import { explain } from "../load/report/explain.ts";
import type { RunReport } from "../load/report/report.ts";
import type { CurvePoints, RunDetail } from "./shapes.ts";

/** How many points each tenfold step towards 1 has. */
const STEPS = 8;
const DECADES = 6;

/** The curve of a histogram, ever finer towards 1, as far as there are answers to carry it; ends with the greatest. */
export function curveOf(histogram: Histogram): CurvePoints {
  const { count, max } = histogram;
  if (count === 0 || max === undefined) return [];
  const last = 1 - 1 / (count + 1); // where the greatest of `count` answers stands
  const points: [number, number][] = [];
  for (let step = 0; step <= STEPS * DECADES; step++) {
    const quantile = 1 - 10 ** (-step / STEPS);
    const seconds = step === 0 ? histogram.min : histogram.quantile(quantile);
    if (quantile < last && seconds !== undefined) points.push([Number(quantile.toPrecision(9)), seconds]);
  }
  return [...points, [last, max]];
}

/** The detail of a report and of the response times that it was made from. */
export function detailOf(report: RunReport, response: Histogram): RunDetail {
  return { curve: curveOf(response), explanation: explain(report) };
}
