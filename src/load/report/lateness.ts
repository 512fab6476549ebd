/**
 * Whether the delays of the load generator itself falsify the response times that a report has: the time by which a packet
 * was sent late, and the time for which its answer waited to be read. Both are known for each answer, so that the
 * percentiles without them are known too.
 */
import type { Histogram } from "../measure/histograms/histogram.ts";
import { quantileRanks } from "../measure/statistics/estimates.ts";
import { rankOf } from "../measure/statistics/rank.ts";
import { QUANTILES, type QuantileName } from "../plan/quantiles.ts";
import type { Times } from "./report-times.ts";

/** The percentiles by which a run is judged. Single delays of the machine decide the ones above. */
const JUDGED = ["p50", "p90", "p95", "p99"] as const satisfies readonly QuantileName[];
/** What is allowed in a percentile, s, or as a share of it, whichever is more. */
const ALLOWED = 0.001;
const ALLOWED_SHARE = 0.1;

/** A percentile that the generator's own delays falsify. Times are in s. */
export interface Falsified {
  readonly name: QuantileName;
  readonly value: number;
  /** By how much the percentile is lower without the delays. */
  readonly added: number;
  readonly allowed: number;
  /** The low end of its interval. */
  readonly low: number;
}

/** The response times of a run, as far as they decide. */
export interface ResponseTimes {
  /** Of the packets that were answered, as measured. */
  readonly values: Histogram;
  /** Of the same packets, without the generator's own delays. */
  readonly undelayed: Histogram;
  /** Packets that percentiles are over. */
  readonly packets: number;
  readonly intervals: Times["intervals"];
}

/** The low end of the interval of a percentile; without one, that of independent times, which no other is above. */
function lowEnd({ values, packets, intervals }: ResponseTimes, name: QuantileName): number {
  const rank = quantileRanks(packets, QUANTILES[name])?.low ?? 1;
  return intervals[name]?.[0] ?? values.atRank(rank) ?? Number.POSITIVE_INFINITY;
}

/**
 * The percentile of p50, p90, p95 and p99 that the delays falsify the most; undefined if they falsify none. They do so if
 * the percentile without them is lower by more than 1 ms and more than a tenth, and below the low end of the 95 % interval.
 */
export function falsifiedBy(times: ResponseTimes): Falsified | undefined {
  const { values, undelayed, packets } = times;
  const found = JUDGED.flatMap((name): Falsified[] => {
    const q = QUANTILES[name];
    const rank = rankOf(q, packets);
    const [value, without] = [values.atRank(rank), undelayed.atRank(rank)];
    if (value === undefined || without === undefined || quantileRanks(packets, q) === undefined) return [];
    const allowed = Math.max(ALLOWED, ALLOWED_SHARE * value);
    const low = lowEnd(times, name);
    const added = value - without;
    return added > allowed && without < low ? [{ name, value, added, allowed, low }] : [];
  });
  return found.sort((a, b) => b.added / b.allowed - a.added / a.allowed)[0];
}
