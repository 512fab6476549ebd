/** Makes the report of a run from its recorder. */
import { type Interval, quantileOf, quantileRanks, wilson } from "../measure/estimates.ts";
import type { Histogram } from "../measure/histogram.ts";
import { ATTRIBUTION } from "../measure/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import { QUANTILES, type QuantileName } from "../plan/quantiles.ts";
import type { Endpoint } from "../plan/target.ts";
import { judge, type VerdictInput } from "./judge.ts";
import type { PacketCounts, RunReport, Times } from "./report.ts";

/** What a report is made from. */
export interface Finding extends VerdictInput {
  /** Undefined where the target's name did not resolve. */
  readonly endpoint: Endpoint | undefined;
  readonly startedAt: Date;
  readonly seconds: number;
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
    evidence: { kind: directions.evidence, text: ATTRIBUTION[directions.evidence] },
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
  return {
    ...Object.fromEntries(errors),
    ...(counts.unknownAnswers > 0 ? { "unknown-answer": counts.unknownAnswers } : {}),
  };
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}
