/**
 * Whether the lateness of the load generator falsifies the response times that a report has.
 *
 * A time contains the lateness L of its packet. If a share p of the packets is late by more than t, the percentile q
 * without the lateness is at least R(q - p) - t, where R are the measured percentiles: at most p of the packets are left
 * out, and the others lose at most t. The largest of these limits holds whichever packets were late.
 */
import type { Histogram } from "../measure/histograms/histogram.ts";
import { quantileRanks } from "../measure/statistics/estimates.ts";
import { QUANTILES, type QuantileName } from "../plan/quantiles.ts";
import type { Times } from "./report.ts";

/** The percentiles by which a run is judged. Single delays of the machine decide the ones above. */
const JUDGED = ["p50", "p90", "p95", "p99"] as const satisfies readonly QuantileName[];
/** Lateness in a percentile that is allowed, s, or as a share of it, whichever is more. */
const ALLOWED = 0.001;
const ALLOWED_SHARE = 0.1;
/** Shares of late packets for which the limit is computed: 1/√2 and its powers. */
const SHARES = [0, ...Array.from({ length: 28 }, (_, index) => Math.SQRT1_2 ** (index + 1))];

/** A percentile that lateness falsifies. Times are in s. */
export interface Falsified {
  readonly name: QuantileName;
  readonly value: number;
  /** The most that lateness can have added to it. */
  readonly added: number;
  readonly allowed: number;
  /** The low end of its interval. */
  readonly low: number;
}

/** The response times of a run, as far as they decide. */
export interface ResponseTimes {
  /** Of the packets that were answered. */
  readonly values: Histogram;
  /** Packets that percentiles are over. */
  readonly packets: number;
  readonly intervals: Times["intervals"];
}

/** The percentile `q` over all packets, s; Infinity among those without a time. */
function percentile({ values, packets }: ResponseTimes, q: number): number {
  return values.atRank(Math.max(1, Math.ceil(q * packets - 1e-9))) ?? Number.POSITIVE_INFINITY;
}

/** The lateness that at most a share of the packets exceeds, s. */
function exceededBy(lateness: Histogram, share: number): number {
  const rank = lateness.count - Math.floor(share * lateness.count + 1e-9);
  return rank < 1 ? 0 : (lateness.atRank(rank) ?? 0);
}

/** The low end of the interval of a percentile; of one without an interval that of independent times, which none is above. */
function lowEnd({ values, packets, intervals }: ResponseTimes, name: QuantileName): number {
  const own = intervals[name]?.[0];
  const rank = quantileRanks(packets, QUANTILES[name])?.low ?? 1;
  return own ?? values.atRank(rank) ?? Number.POSITIVE_INFINITY;
}

/**
 * The percentile of p50, p90, p95 and p99 that the lateness falsifies the most; undefined if it falsifies none. It does so
 * if it can have added more than 1 ms and more than a tenth of the percentile, and if the percentile without it would be
 * below the low end of its 95 % interval. Lateness that is within the allowed one at the same percentile is small.
 */
export function falsifiedBy(lateness: Histogram, times: ResponseTimes): Falsified | undefined {
  if (lateness.count === 0) return undefined;
  const late = SHARES.map((share) => exceededBy(lateness, share));
  const found = JUDGED.flatMap((name): Falsified[] => {
    const q = QUANTILES[name];
    const value = percentile(times, q);
    if (!Number.isFinite(value) || quantileRanks(times.packets, q) === undefined) return [];
    const allowed = Math.max(ALLOWED, ALLOWED_SHARE * value);
    if (exceededBy(lateness, 1 - q) <= allowed) return [];
    const limits = SHARES.map((share, index) => (share < q ? percentile(times, q - share) - (late[index] ?? 0) : 0));
    const least = Math.max(0, ...limits);
    const low = lowEnd(times, name);
    return value - least <= allowed || least >= low ? [] : [{ name, value, added: value - least, allowed, low }];
  });
  return found.sort((a, b) => b.added / b.allowed - a.added / a.allowed)[0];
}
