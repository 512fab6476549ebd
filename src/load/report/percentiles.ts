/** The percentiles of a distribution that the text report shows, with everything that is known about each. */
import { QUANTILE_NAMES, type QuantileName, quantileLabel, quantileOfPercent } from "../plan/quantiles.ts";
import type { NoTimeInterval, Times } from "./report-times.ts";

/** A percentile of a report. */
export interface ShownPercentile {
  /** Such as `p99.9`. */
  readonly label: string;
  /** In s; null if there are too few packets, or with `over`. */
  readonly value: number | null;
  /** The timeout, s, if the percentile is over it. */
  readonly over: number | undefined;
  /** Its 95 % interval; `high` is null if it is over the timeout. */
  readonly interval: readonly [low: number, high: number | null] | undefined;
  /** Why it has no interval; undefined as well for one that is never estimated. */
  readonly noInterval: NoTimeInterval | undefined;
}

function named(times: Times, name: QuantileName): ShownPercentile {
  return {
    label: quantileLabel(name),
    value: times[name],
    over: times.over[name],
    interval: times.intervals[name],
    noInterval: times.noInterval[name],
  };
}

/** Those of `--percentiles` in rising order, otherwise those that every report has. */
export function shownPercentiles(times: Times): readonly ShownPercentile[] {
  const { percentiles } = times;
  if (percentiles === undefined) return QUANTILE_NAMES.map((name) => named(times, name));
  return percentiles.map(({ percent, value, over }) => {
    const name = quantileOfPercent(percent);
    if (name !== undefined) return named(times, name);
    return { label: `p${percent}`, value, over, interval: undefined, noInterval: undefined };
  });
}
