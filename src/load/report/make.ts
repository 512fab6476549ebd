/** Makes the report of a run from its measurements. */
import { type Interval, quantileOf, quantileRanks, wilson } from "../measure/estimates.ts";
import type { Histogram } from "../measure/histogram.ts";
import { attributionText } from "../measure/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import { QUANTILES, type QuantileName } from "../plan/quantiles.ts";
import type { Endpoint } from "../plan/target.ts";
import { judge, type VerdictInput } from "./judge.ts";
import { placesOf } from "./places.ts";
import type { PacketCounts, RunReport, Times } from "./report.ts";

/** The result of a run, from which its report is made. */
export interface RunResult extends VerdictInput {
  /** Undefined if the target's name did not resolve. */
  readonly endpoint: Endpoint | undefined;
  readonly startedAt: Date;
  /** STAMP session id of all sessions; undefined without STAMP. */
  readonly sessionId: number | undefined;
  /** How long packets were sent, s. */
  readonly seconds: number;
}

/** Summarises a histogram. A percentile is null unless both limits of its 95 % confidence interval are samples. */
export function timesOf(histogram: Histogram): Times {
  const intervals: Partial<Record<QuantileName, readonly [number, number]>> = {};
  const value = (name: QuantileName): number | null => {
    const ranks = quantileRanks(histogram.count, QUANTILES[name]);
    if (ranks === undefined) return null;
    const limits = limitsAt(histogram, ranks);
    if (limits !== undefined) intervals[name] = limits;
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

function limitsAt(histogram: Histogram, ranks: Interval): readonly [number, number] | undefined {
  const low = histogram.atRank(ranks.low);
  const high = histogram.atRank(ranks.high);
  return low === undefined || high === undefined ? undefined : [low, high];
}

function packetsOf({ recorder: { counts }, directions }: RunResult): PacketCounts {
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

function lossOf({ recorder, directions, bufferDrops }: RunResult): RunReport["loss"] {
  const { lost, sent } = recorder.counts;
  return {
    ratio: sent === 0 ? 0 : lost / sent,
    ...wilson(lost, sent),
    method: "wilson95",
    places: placesOf(lost, directions, bufferDrops),
  };
}

function oneWayOf({ recorder, endpoint }: RunResult): RunReport["oneWay"] {
  return {
    up: timesOf(recorder.oneWayUp),
    down: timesOf(recorder.oneWayDown),
    comparable: recorder.oneWayUp.count > 0 && (endpoint?.sameHost ?? false),
    clockOffset: recorder.clockOffset ?? null,
  };
}

function jitterOf({ jitter, service, variation }: Recorder): RunReport["jitter"] {
  const aboveMin = (q: number): number | null => {
    const value = quantileOf(service, q);
    return value === null || service.min === undefined ? null : Math.max(0, value - service.min);
  };
  return {
    rfc3550: service.count < 2 ? null : jitter / 1000,
    ipdv: { p50: quantileOf(variation, 0.5), p99: quantileOf(variation, 0.99) },
    pdv: { p50: aboveMin(0.5), p99: aboveMin(0.99) },
  };
}

/** Errors by code. Answers to packets that are no longer kept, after more than two timeouts, are one of them. */
function errorsOf({ errors, counts: { unknownAnswers } }: Recorder): Record<string, number> {
  return { ...Object.fromEntries(errors), ...(unknownAnswers > 0 ? { "unknown-answer": unknownAnswers } : {}) };
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}

/** The report of a result, without objectives. */
export function makeReport(result: RunResult): RunReport {
  const { plan, endpoint, recorder, seconds, directions } = result;
  const { counts, scheduleError } = recorder;
  return {
    schema: "wirelab.run/1",
    protocol: plan.protocol,
    target: plan.targetText,
    address: endpoint?.address ?? "",
    seed: plan.seed,
    sessionId: result.sessionId ?? null,
    startedAt: result.startedAt.toISOString(),
    durationSeconds: seconds,
    rate: {
      offered: plan.closedLoop ? null : perSecond(counts.planned, seconds),
      achieved: perSecond(counts.sent, seconds),
    },
    packets: packetsOf(result),
    loss: lossOf(result),
    evidence: { kind: directions.evidence, text: attributionText(directions) },
    responseTime: timesOf(recorder.response),
    serviceTime: timesOf(recorder.service),
    serverTime: timesOf(recorder.server),
    oneWay: oneWayOf(result),
    jitter: jitterOf(recorder),
    scheduleError: {
      p50: quantileOf(scheduleError, 0.5),
      p99: quantileOf(scheduleError, 0.99),
      max: scheduleError.max ?? null,
    },
    bytes: { sent: counts.bytesSent, received: counts.bytesReceived },
    errors: errorsOf(recorder),
    statuses: Object.fromEntries(recorder.statuses),
    objectives: [],
    verdict: judge(result),
  };
}
