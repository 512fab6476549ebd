/** Summarises distributions of durations for the report. */
import { type DelayPrecision, estimateDelays, type Precision } from "../measure/delay-intervals.ts";
import type { DelaySeries } from "../measure/delay-series.ts";
import { quantileOf, quantileRanks } from "../measure/estimates.ts";
import type { Histogram } from "../measure/histogram.ts";
import type { Distribution } from "../measure/signed-times.ts";
import { QUANTILE_NAMES, QUANTILES } from "../plan/quantiles.ts";
import type { EstimatedTime, Times } from "./report.ts";

/** Times that only some packets have, such as server times. The percentiles are over these and have no intervals. */
export function timesOf(values: Distribution): Times {
  return {
    count: values.count,
    packets: values.count,
    min: values.min ?? null,
    mean: values.mean ?? null,
    p50: quantileOf(values, QUANTILES.p50),
    p90: quantileOf(values, QUANTILES.p90),
    p99: quantileOf(values, QUANTILES.p99),
    p999: quantileOf(values, QUANTILES.p999),
    max: values.max ?? null,
    stddev: values.deviation ?? null,
    over: {},
    intervals: {},
    noInterval: {},
  };
}

/** A percentile over all packets: undefined if they are too few, Infinity if its rank is among the unanswered ones. */
function percentileOf({ packets, values }: DelaySeries, q: number): number | undefined {
  if (quantileRanks(packets, q) === undefined) return undefined;
  const rank = Math.max(1, Math.ceil(q * packets - 1e-9));
  return rank > values.count ? Number.POSITIVE_INFINITY : values.atRank(rank);
}

/** The number, or null if it is missing or infinite. */
function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** The estimated values with their precision, as far as the series has a value. */
function estimatesOf(series: DelaySeries, precision: DelayPrecision): [EstimatedTime, Precision][] {
  const quantiles = QUANTILE_NAMES.flatMap((name, index): [EstimatedTime, Precision][] => {
    const own = precision.quantiles[index];
    return own === undefined || percentileOf(series, QUANTILES[name]) === undefined ? [] : [[name, own]];
  });
  return series.mean === undefined ? quantiles : [["mean", precision.mean], ...quantiles];
}

/**
 * Times of all packets sent, those without a valid answer within the timeout included: their times are infinite
 * (RFC 7679 section 4), so a percentile whose rank is among them has no value, but is over the timeout.
 * @param steps the absolute differences of consecutive times
 */
export function timesOfAll(series: DelaySeries, steps: Histogram, timeoutSeconds: number): Times {
  const estimates = estimatesOf(series, estimateDelays(series, steps));
  const percentile = (name: keyof typeof QUANTILES) => percentileOf(series, QUANTILES[name]);
  const isOver = (name: keyof typeof QUANTILES) => percentile(name) === Number.POSITIVE_INFINITY;
  const { values } = series;
  return {
    count: values.count,
    packets: series.packets,
    min: values.min ?? null,
    mean: series.mean ?? null,
    p50: finite(percentile("p50")),
    p90: finite(percentile("p90")),
    p99: finite(percentile("p99")),
    p999: finite(percentile("p999")),
    max: values.max ?? null,
    stddev: series.deviation ?? null,
    over: Object.fromEntries(QUANTILE_NAMES.filter(isOver).map((name) => [name, timeoutSeconds])),
    intervals: Object.fromEntries(
      estimates.flatMap(([name, { interval }]) =>
        interval === undefined || interval.low === Number.POSITIVE_INFINITY
          ? []
          : [[name, [interval.low, finite(interval.high)]]],
      ),
    ),
    noInterval: Object.fromEntries(
      estimates.flatMap(([name, { unknown }]) => (unknown === undefined ? [] : [[name, unknown]])),
    ),
  };
}
