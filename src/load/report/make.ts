/** Makes the report of a run from its measurements. */
import type { DelayVariation } from "../measure/delay-variation.ts";
import { type Interval, quantileOf, quantileRanks, type Ranked, wilson } from "../measure/estimates.ts";
import { ATTRIBUTION } from "../measure/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { Distribution } from "../measure/signed-times.ts";
import { QUANTILES, type QuantileName } from "../plan/quantiles.ts";
import type { Endpoint } from "../plan/target.ts";
import { judge, type VerdictInput } from "./judge.ts";
import type { OneWayVariation, PacketCounts, RunReport, Times, TwoQuantiles } from "./report.ts";

/** The result of a run, from which its report is made. */
export interface RunResult extends VerdictInput {
  /** Undefined if the target's name did not resolve. */
  readonly endpoint: Endpoint | undefined;
  readonly startedAt: Date;
  /** How long packets were sent, s. */
  readonly seconds: number;
}

/** Summarises a histogram. A percentile is null unless both limits of its 95 % confidence interval are samples. */
export function timesOf(histogram: Distribution): Times {
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

function limitsAt(histogram: Distribution, ranks: Interval): readonly [number, number] | undefined {
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

function lossOf({ counts: { lost, sent } }: Recorder): RunReport["loss"] {
  return { ratio: sent === 0 ? 0 : lost / sent, ...wilson(lost, sent), method: "wilson95" };
}

function oneWayOf({ oneWay }: Recorder): RunReport["oneWay"] {
  return {
    up: timesOf(oneWay.up),
    down: timesOf(oneWay.down),
    comparable: oneWay.isComparable,
    clockOffset: oneWay.target.offset ?? null,
    drift: oneWay.target.drift ?? null,
  };
}

function twoQuantiles(samples: Ranked): TwoQuantiles {
  return { p50: quantileOf(samples, 0.5), p99: quantileOf(samples, 0.99) };
}

function directionOf({ absolute, min, max, meanJitter }: DelayVariation): OneWayVariation | null {
  if (absolute.count === 0) return null;
  return {
    rfc3550Mean: meanJitter ?? null,
    ipdv: { ...twoQuantiles(absolute), min: min ?? null, max: max ?? null },
  };
}

function jitterOf({ variation, serviceSpread, oneWay }: Recorder): RunReport["jitter"] {
  return {
    rfc3550: variation.lastJitter ?? null,
    rfc3550Mean: variation.meanJitter ?? null,
    ipdv: twoQuantiles(variation.absolute),
    pdv: twoQuantiles({
      count: serviceSpread.count,
      quantile: (q) => serviceSpread.aboveMin(Math.ceil(q * serviceSpread.count - 1e-9)),
    }),
    up: directionOf(oneWay.variation.up),
    down: directionOf(oneWay.variation.down),
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
  const { counts, scheduleError, receiveDelay } = recorder;
  return {
    schema: "wirelab.run/2",
    protocol: plan.protocol,
    target: plan.targetText,
    address: endpoint?.address ?? "",
    seed: plan.seed,
    startedAt: result.startedAt.toISOString(),
    durationSeconds: seconds,
    rate: {
      offered: plan.closedLoop ? null : perSecond(counts.planned, seconds),
      achieved: perSecond(counts.sent, seconds),
    },
    packets: packetsOf(result),
    loss: lossOf(recorder),
    evidence: { kind: directions.evidence, text: ATTRIBUTION[directions.evidence] },
    responseTime: timesOf(recorder.response),
    serviceTime: timesOf(recorder.service),
    serverTime: timesOf(recorder.server),
    oneWay: oneWayOf(recorder),
    clockSteps: recorder.oneWay.steps,
    reflectorClock: recorder.oneWay.reflectorClock ?? null,
    jitter: jitterOf(recorder),
    scheduleError: { ...twoQuantiles(scheduleError), max: scheduleError.max ?? null },
    receiveDelay: { ...twoQuantiles(receiveDelay), max: receiveDelay.max ?? null },
    bytes: { sent: counts.bytesSent, received: counts.bytesReceived },
    errors: errorsOf(recorder),
    statuses: Object.fromEntries(recorder.statuses),
    objectives: [],
    verdict: judge(result),
  };
}
