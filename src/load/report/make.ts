/** Makes the report of a run from its recorder. */
import { type Interval, quantileOf, quantileRanks, samplesNeeded, wilson } from "../measure/estimates.ts";
import type { Histogram } from "../measure/histogram.ts";
import { type Directions, EVIDENCE } from "../measure/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { RunPlan } from "../plan/options.ts";
import type { Endpoint } from "../plan/target.ts";
import { type PacketCounts, QUANTILES, type QuantileName, type RunReport, type Times } from "./report.ts";

/** What a report is made from. */
export interface Finding {
  readonly plan: RunPlan;
  /** Undefined where the target's name did not resolve. */
  readonly endpoint: Endpoint | undefined;
  readonly recorder: Recorder;
  readonly directions: Directions;
  readonly startedAt: Date;
  readonly seconds: number;
  /** Why nothing, or not all, could be measured: one line each. */
  readonly failures: readonly string[];
  /** Datagrams that this run's own receive buffers lost; undefined where the kernel does not tell. */
  readonly bufferDrops: number | undefined;
}

/** Summarises a histogram; `quantile` of it is null unless both edges of its 95 % interval are samples. */
export function timesOf(histogram: Histogram): Times {
  const intervals: Partial<Record<QuantileName, readonly [number, number]>> = {};
  const value = (name: QuantileName): number | null => {
    const ranks = quantileRanks(histogram.count, QUANTILES[name]);
    if (ranks === undefined) return null;
    const edges = edgesAt(histogram, ranks);
    if (edges !== undefined) intervals[name] = edges;
    return histogram.quantile(QUANTILES[name]) ?? null;
  };
  return {
    count: histogram.count,
    min: histogram.min ?? null,
    mean: histogram.mean ?? null,
    p50: value("p50"),
    p90: value("p90"),
    p99: value("p99"),
    p999: value("p999"),
    max: histogram.max ?? null,
    stddev: histogram.deviation ?? null,
    intervals,
  };
}

function edgesAt(histogram: Histogram, ranks: Interval): readonly [number, number] | undefined {
  const low = histogram.atRank(ranks.low);
  const high = histogram.atRank(ranks.high);
  return low === undefined || high === undefined ? undefined : [low, high];
}

function above(value: number | null, least: number | undefined): number | null {
  return value === null || least === undefined ? null : Math.max(0, value - least);
}

function packetsOf({ recorder, directions }: Finding): PacketCounts {
  const { counts } = recorder;
  return {
    planned: counts.planned,
    sent: counts.sent,
    unsent: counts.unsent,
    answered: counts.answered,
    lost: counts.lost,
    lostUp: directions.lostUp,
    lostDown: directions.lostDown,
    droppedUp: directions.droppedUp,
    droppedDown: directions.droppedDown,
    late: counts.late,
    duplicate: counts.duplicate,
    reordered: counts.reordered,
    corrupt: counts.corrupt,
    failed: counts.failed,
    unexplained: directions.unexplained,
  };
}

/** The report of what was found. */
export function makeReport(finding: Finding): RunReport {
  const { plan, endpoint, recorder, seconds, directions } = finding;
  const packets = packetsOf(finding);
  const { jitter, service, variation, scheduleError } = recorder;
  return {
    schema: "wirelab.run/1",
    protocol: plan.protocol,
    target: plan.targetText,
    address: endpoint?.address ?? "",
    seed: plan.seed,
    startedAt: finding.startedAt.toISOString(),
    durationSeconds: seconds,
    rate: {
      offered: plan.closedLoop ? null : perSecond(packets.planned, seconds),
      achieved: perSecond(packets.sent, seconds),
    },
    packets,
    loss: {
      ratio: packets.sent === 0 ? 0 : packets.lost / packets.sent,
      ...wilson(packets.lost, packets.sent),
      method: "wilson95",
    },
    evidence: { kind: directions.evidence, text: EVIDENCE[directions.evidence] },
    responseTime: timesOf(recorder.response),
    serviceTime: timesOf(service),
    serverTime: timesOf(recorder.server),
    oneWay: {
      up: timesOf(recorder.oneWayUp),
      down: timesOf(recorder.oneWayDown),
      comparable: recorder.oneWayUp.count > 0 && (endpoint?.sameHost ?? false),
      clockOffset: recorder.clockOffset ?? null,
    },
    jitter: {
      rfc3550: service.count < 2 ? null : jitter / 1000,
      ipdv: { p50: quantileOf(variation, 0.5), p99: quantileOf(variation, 0.99) },
      pdv: { p50: above(quantileOf(service, 0.5), service.min), p99: above(quantileOf(service, 0.99), service.min) },
    },
    scheduleError: {
      p50: quantileOf(scheduleError, 0.5),
      p99: quantileOf(scheduleError, 0.99),
      max: scheduleError.max ?? null,
    },
    bytes: { sent: recorder.counts.bytesSent, received: recorder.counts.bytesReceived },
    errors: errorsOf(recorder),
    statuses: Object.fromEntries(recorder.statuses),
    objectives: [],
    verdict: judge(finding),
  };
}

/** Errors by code; answers to packets that were forgotten long ago (after more than two timeouts) are one of them. */
function errorsOf({ errors, counts }: Recorder): Record<string, number> {
  return { ...Object.fromEntries(errors), ...(counts.strange > 0 ? { "unknown-answer": counts.strange } : {}) };
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}

/** The sender may be late by this, or by a tenth of the response time at the same quantile where that is more. */
const LATE_SECONDS = 0.001;
const LATE_SHARE = 0.1;

/** By how much too late the sender was, s, at the highest quantile that has the samples; undefined where it kept time. */
function tooLate({ scheduleError, response }: Recorder): number | undefined {
  const q = [0.99, 0.9, 0.5].find((candidate) => quantileOf(scheduleError, candidate) !== null);
  const lateness = q === undefined ? 0 : (scheduleError.quantile(q) ?? 0);
  const allowed = Math.max(LATE_SECONDS, LATE_SHARE * (response.quantile(q ?? 0.5) ?? 0));
  return lateness > allowed ? lateness : undefined;
}

/** Whether the run can carry its own numbers (contract, section 6), and if not, why and what helps. */
function judge({ recorder, failures, bufferDrops, directions, plan }: Finding): RunReport["verdict"] {
  const { counts, response } = recorder;
  const reasons = [...failures];
  const lateness = tooLate(recorder);
  if (lateness !== undefined) {
    reasons.push(
      `the sender ran late, by ${(lateness * 1000).toFixed(1)} ms and more; lower --rate, or free a core for the load generator`,
    );
  }
  if (counts.unsent > 0) {
    reasons.push(
      `${counts.unsent} packets were not sent: nothing was free to carry them within the timeout; raise --connections or lower --rate`,
    );
  }
  if (bufferDrops !== undefined && bufferDrops > 0) {
    reasons.push(
      `the kernel dropped ${bufferDrops} answers because this run's receive buffer was full, and they count as lost; lower --rate, or raise net.core.rmem_max`,
    );
  }
  if (directions.waiting > 0) {
    reasons.push(
      `the lab still held ${directions.waiting} packets back at the end; raise --timeout above its delay fault`,
    );
  }
  const needed = samplesNeeded(0.5);
  if (failures.length === 0 && counts.sent > 0 && response.count < needed) {
    reasons.push(
      `${response.count} answers are too few for any percentile; ${needed} are needed: raise ${plan.count === undefined ? "--duration" : "--count"}`,
    );
  }
  return { valid: reasons.length === 0, reasons };
}
