/** Interval snapshots of a run: the input of the progress view, CSV rows and charts. */
import type { Protocol } from "../../base/protocol.ts";
import type { QuantileName } from "../plan/quantiles.ts";
import { unansweredOf } from "./counts.ts";
import type { Recorder } from "./recorder.ts";
import { quantileAmong } from "./statistics/estimates.ts";
import { Stream } from "./stream.ts";

/** One interval. Counts are totals from the start of the run; a loss is counted one timeout after its packet was sent. */
export interface IntervalSnapshot {
  readonly protocol: Protocol;
  /** End of the interval, s from the start of the run. */
  readonly seconds: number;
  /** Length of the interval, s. */
  readonly interval: number;
  /** Planned length of the run, s; Infinity if only its count or its user ends it. */
  readonly totalSeconds: number;
  readonly planned: number;
  readonly unsent: number;
  readonly refused: number;
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly late: number;
  readonly failed: number;
  readonly corrupt: number;
  readonly duplicate: number;
  readonly reordered: number;
  /**
   * Percentiles of the response time, s, over the packets whose outcome became known in this interval. Those without a
   * valid answer within the timeout count as infinite (RFC 7679 section 4). Null if the percentile is `over` the timeout,
   * or if there are too few packets.
   */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** Longest response time of the answers of this interval, s; null without any. */
  readonly max: number | null;
  /** The timeout, s, for each percentile that is over it. */
  readonly over: Partial<Record<QuantileName, number>>;
}

const INTERVAL_QUANTILES = [
  ["p50", 0.5],
  ["p95", 0.95],
  ["p99", 0.99],
] as const;

/** The percentiles of the interval that ends now. */
function intervalTimes(
  recorder: Recorder,
  timeoutSeconds: number,
): Pick<IntervalSnapshot, "p50" | "p95" | "p99" | "over"> {
  const { interval, counts, unansweredBefore } = recorder;
  // The number decreases if an answer that was held back turns out to have arrived within the timeout.
  const outcomes = interval.count + Math.max(0, unansweredOf(counts) - unansweredBefore);
  const times: Record<(typeof INTERVAL_QUANTILES)[number][0], number | null> = { p50: null, p95: null, p99: null };
  const over: Partial<Record<QuantileName, number>> = {};
  for (const [name, q] of INTERVAL_QUANTILES) {
    const value = quantileAmong(interval, outcomes, q);
    if (value === Number.POSITIVE_INFINITY) over[name] = timeoutSeconds;
    else times[name] = value ?? null;
  }
  return { ...times, over };
}

/** Takes a snapshot, and starts the next interval. */
export function takeSnapshot(
  recorder: Recorder,
  about: Pick<IntervalSnapshot, "protocol" | "seconds" | "interval" | "totalSeconds">,
  timeoutSeconds: number,
): IntervalSnapshot {
  const { counts, interval } = recorder;
  const snapshot: IntervalSnapshot = {
    ...about,
    planned: counts.planned,
    unsent: counts.unsent,
    refused: counts.refused,
    sent: counts.sent,
    answered: counts.answered,
    lost: counts.lost,
    late: counts.late,
    failed: counts.failed,
    corrupt: counts.corrupt,
    duplicate: counts.duplicate,
    reordered: counts.reordered,
    ...intervalTimes(recorder, timeoutSeconds),
    max: interval.max ?? null,
  };
  interval.reset();
  recorder.unansweredBefore = unansweredOf(counts);
  return snapshot;
}

/** Whether two snapshots have the same counts. */
function isSame(one: IntervalSnapshot, other: IntervalSnapshot): boolean {
  const counts = ["planned", "refused", "sent", "answered", "lost", "late", "failed", "corrupt", "duplicate"] as const;
  return counts.every((name) => one[name] === other[name]);
}

/** A stream of snapshots with one reader. */
export class SnapshotStream extends Stream<IntervalSnapshot> {
  #latest: IntervalSnapshot | undefined;

  /** Adds a snapshot. The last one of a run is left out if its counts are those of the one before. */
  override push(snapshot: IntervalSnapshot, isLast = false): void {
    if (isLast && this.#latest !== undefined && isSame(snapshot, this.#latest)) return;
    this.#latest = snapshot;
    super.push(snapshot);
  }
}
