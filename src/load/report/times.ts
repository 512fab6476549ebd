/** Summarises distributions of durations for the report. */
import { estimateDelays, type Precision } from "../measure/delays/delay-intervals.ts";
import type { DelaySeries } from "../measure/delays/delay-series.ts";
import type { Histogram } from "../measure/histograms/histogram.ts";
import type { Distribution } from "../measure/histograms/signed-times.ts";
import { quantileAmong } from "../measure/statistics/estimates.ts";
import { QUANTILE_NAMES, QUANTILES, type QuantileName } from "../plan/quantiles.ts";
import { finite } from "./finite.ts";
import type { EstimatedTime, SelectedPercentile, Times } from "./report-times.ts";

/** The packets that percentiles are over, and the timeout that those without a time exceed, s. */
export interface Sent {
  readonly packets: number;
  readonly timeoutSeconds: number;
  /** Percentiles that the report has in addition; undefined without any. */
  readonly percentiles?: readonly number[] | undefined;
}

type Summarised = Pick<Distribution, "count" | "min" | "mean" | "max" | "deviation" | "atRank">;

/** Percentiles over the packets of `sent`. The 100th is the maximum, whatever the number of packets. */
function selectedOf(values: Summarised, { packets, timeoutSeconds }: Sent, percents: readonly number[]) {
  return percents.map((percent): SelectedPercentile => {
    const rank = percent === 100 ? packets : undefined;
    const value =
      rank === undefined
        ? quantileAmong(values, packets, percent / 100)
        : rank > values.count
          ? Number.POSITIVE_INFINITY
          : values.max;
    return { percent, value: finite(value), ...(value === Number.POSITIVE_INFINITY && { over: timeoutSeconds }) };
  });
}

/**
 * Times without intervals. The percentiles are over all packets sent if these are given, else over those that have a
 * time. The time of a packet without a valid answer within the timeout is infinite (RFC 7679 section 4): a percentile
 * whose rank is among them has no value, but is over the timeout.
 */
export function timesOf(values: Summarised, sent: Sent = { packets: values.count, timeoutSeconds: 0 }): Times {
  const { packets, timeoutSeconds, percentiles } = sent;
  const percentile = (name: QuantileName) => quantileAmong(values, packets, QUANTILES[name]);
  const over = QUANTILE_NAMES.filter((name) => percentile(name) === Number.POSITIVE_INFINITY);
  return {
    count: values.count,
    packets,
    min: values.min ?? null,
    mean: values.mean ?? null,
    p50: finite(percentile("p50")),
    p90: finite(percentile("p90")),
    p95: finite(percentile("p95")),
    p99: finite(percentile("p99")),
    p999: finite(percentile("p999")),
    max: values.max ?? null,
    stddev: values.deviation ?? null,
    ...(percentiles && { percentiles: selectedOf(values, sent, percentiles) }),
    over: Object.fromEntries(over.map((name) => [name, timeoutSeconds])),
    intervals: {},
    noInterval: {},
  };
}

/** Whether a time has a value or is over the timeout. */
function isMeasured(times: Times, name: EstimatedTime): boolean {
  return times[name] !== null || (name !== "mean" && times.over[name] !== undefined);
}

/**
 * Times of all packets sent, with the 95 % intervals of the percentiles and of the mean.
 * @param steps the absolute differences of consecutive times
 */
export function timesWithIntervals(series: DelaySeries, steps: Histogram, sent: Omit<Sent, "packets">): Times {
  const { values, packets, mean, deviation } = series;
  const { count, min, max } = values;
  const times = timesOf(
    { count, min, max, mean, deviation, atRank: (rank) => values.atRank(rank) },
    { ...sent, packets },
  );
  const precision = estimateDelays(series, steps);
  const quantiles = QUANTILE_NAMES.map((name, index) => [name, precision.quantiles[index]] as const);
  const measured = [["mean", precision.mean] as const, ...quantiles].filter(([name]) => isMeasured(times, name));
  return { ...times, intervals: intervalsOf(measured), noInterval: reasonsOf(measured) };
}

type Estimates = readonly (readonly [name: EstimatedTime, precision: Precision | undefined])[];

/** The intervals, except those of which both ends are over the timeout. */
function intervalsOf(estimates: Estimates): Times["intervals"] {
  return Object.fromEntries(
    estimates.flatMap(([name, precision]) => {
      const interval = precision?.interval;
      if (interval === undefined || interval.low === Number.POSITIVE_INFINITY) return [];
      return [[name, [interval.low, finite(interval.high)]]];
    }),
  );
}

function reasonsOf(estimates: Estimates): Times["noInterval"] {
  return Object.fromEntries(
    estimates.flatMap(([name, precision]) => (precision?.unknown === undefined ? [] : [[name, precision.unknown]])),
  );
}
