/** The times in the JSON report of a run (docs/CONTRACT.md, section 6), in s. */
import type { Unknown } from "../measure/delays/delay-dependence.ts";
import type { QuantileName } from "../plan/quantiles.ts";

/** A time of the report that can have a 95 % interval. */
export type EstimatedTime = "mean" | QuantileName;

/** Why a time has no interval. `earlier schema`: its interval assumed independent packets. */
export type NoTimeInterval = Unknown | "earlier schema";

/** A percentile that the run was told to report. */
export interface SelectedPercentile {
  /** Above 0, up to 100; 100 is the maximum. */
  readonly percent: number;
  /** In s; null if there are too few packets, or with `over`. */
  readonly value: number | null;
  /** The timeout, s, if the percentile is over it. */
  readonly over?: number;
}

/** A distribution of durations, s. Null: no sample, or too few for that percentile. */
export interface Times {
  /** Packets that have a time; minimum, mean, maximum and standard deviation are of these. */
  readonly count: number;
  /** Packets that the percentiles are over; those without a time count as infinite (RFC 7679 section 4). */
  readonly packets: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  /** Null in a report that was made before it existed. */
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly stddev: number | null;
  /** The percentiles of `--percentiles`, in rising order; only in reports of runs with it. */
  readonly percentiles?: readonly SelectedPercentile[];
  /** The timeout, for each percentile that is null because its rank is among the packets without a time. */
  readonly over: Partial<Record<QuantileName, number>>;
  /** 95 % confidence intervals. `high` is null if it is over the timeout. */
  readonly intervals: Partial<Record<EstimatedTime, readonly [low: number, high: number | null]>>;
  /** Why other values have no interval. */
  readonly noInterval: Partial<Record<EstimatedTime, NoTimeInterval>>;
}

/** The 50 % and the 99 % quantile of times, s; null if there are too few. */
export interface TwoQuantiles {
  readonly p50: number | null;
  readonly p99: number | null;
}

/** Variation of the delay in one direction, s. */
export interface OneWayVariation {
  /** Mean of |D| over the run (RFC 3550 section 6.4.1). */
  readonly rfc3550Mean: number | null;
  /** Quantiles of the absolute IPDV (RFC 3393); smallest and largest signed IPDV. */
  readonly ipdv: TwoQuantiles & { readonly min: number | null; readonly max: number | null };
}
