/** What is kept of a run in addition to its report: its percentile curve and the explanation of its numbers. */

import type { Histogram } from "../load/measure/histograms/histogram.ts";
import { rankOf } from "../load/measure/statistics/rank.ts";
import type { RunReport } from "../load/report/report.ts";
import { explain } from "../load/report/text/explain.ts";
import type { CurvePoints, RunDetail } from "./shapes.ts";

/** Points in each decade of 1 - quantile. */
const POINTS_PER_DECADE = 8;
const DECADES = 6;

/**
 * The percentile curve over `packets` packets, of which the histogram has the answered ones. The quantiles approach 1 in
 * logarithmic steps, up to the highest quantile that the number of answers supports; the last point is the maximum.
 * Empty without answers.
 */
export function curveOf(histogram: Histogram, packets: number): CurvePoints {
  const { count, max } = histogram;
  if (count === 0 || max === undefined) return [];
  const last = count / (packets + 1); // the quantile of the maximum: the others are slower
  const points: [number, number][] = [];
  for (let step = 0; step <= POINTS_PER_DECADE * DECADES; step++) {
    const quantile = 1 - 10 ** (-step / POINTS_PER_DECADE);
    const seconds = step === 0 ? histogram.min : histogram.atRank(rankOf(quantile, packets));
    if (quantile < last && seconds !== undefined) points.push([Number(quantile.toPrecision(9)), seconds]);
  }
  return [...points, [last, max]];
}

/** The detail of a report, with the curve of the response times from which the report was computed. */
export function detailOf(report: RunReport, response: Histogram): RunDetail {
  return { curve: curveOf(response, report.responseTime.packets), explanation: explain(report) };
}
