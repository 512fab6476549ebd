/** Makes the report of a run from its measurements. */
import type { DelayVariation } from "../measure/delays/delay-variation.ts";
import { attributionText } from "../measure/directions/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import { quantileOf, type Ranked } from "../measure/statistics/estimates.ts";
import { rankOf } from "../measure/statistics/rank.ts";
import type { Endpoint } from "../plan/target.ts";
import type { RelayResult } from "../send/relays/run-relay.ts";
import { lossOf } from "./loss.ts";
import { reportedPlan, senderHost } from "./origin.ts";
import { duplicatePlacesOf, placesOf } from "./places.ts";
import type { RunReport } from "./report.ts";
import { handshakesOf } from "./report-handshakes.ts";
import { type PacketCounts, UNKNOWN_ANSWER } from "./report-packets.ts";
import type { OneWayVariation, Times, TwoQuantiles } from "./report-times.ts";
import { viaOf } from "./report-via.ts";
import { accountingDefect, soundDirections } from "./sums.ts";
import { timesOf, timesWithIntervals } from "./times.ts";
import { judge, type VerdictInput } from "./verdict.ts";

/** The result of a run, from which its report is made. */
export interface RunResult extends VerdictInput {
  /** Undefined if the target's name did not resolve. */
  readonly endpoint: Endpoint | undefined;
  readonly startedAt: Date;
  /** STAMP session id of all sessions; undefined without STAMP. */
  readonly sessionId: number | undefined;
  /** Of a run through a relay. */
  readonly relay?: RelayResult | undefined;
  /** Of a run that kept a log of its packets. */
  readonly packetLog?: RunReport["packetLog"];
}

function packetsOf({ recorder: { counts }, directions }: RunResult): PacketCounts {
  return {
    planned: counts.planned,
    sent: counts.sent,
    unsent: counts.unsent,
    refused: counts.refused,
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
      quantile: (q) => serviceSpread.aboveMin(rankOf(q, serviceSpread.count)),
    }),
    up: directionOf(oneWay.variation.up),
    down: directionOf(oneWay.variation.down),
  };
}

function handOverOf({ handOver: { error, bunched, largestBurst } }: Recorder): RunReport["handOver"] {
  return error.count === 0 ? null : { bunched, largestBurst };
}

/** Errors by code. Answers after the waiting time, and to packets that this run did not send, are one of them. */
function errorsOf({ errors, counts: { unknownAnswers } }: Recorder): Record<string, number> {
  return { ...Object.fromEntries(errors), ...(unknownAnswers > 0 ? { [UNKNOWN_ANSWER]: unknownAnswers } : {}) };
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}

function verdictOf(result: RunResult, { intervals }: Times): RunReport["verdict"] {
  const verdict = judge({ ...result, intervals });
  const defect = result.failures.length > 0 ? undefined : accountingDefect(result.recorder);
  return defect === undefined ? verdict : { ...verdict, valid: false, reasons: [defect, ...verdict.reasons] };
}

/** The report of a result, without objectives. */
export function makeReport(measured: RunResult): RunReport {
  const result = { ...measured, directions: soundDirections(measured.recorder, measured.directions) };
  const { plan, endpoint, recorder, seconds, directions } = result;
  const { counts, scheduleError, receiveDelay } = recorder;
  const { percentiles } = plan;
  const answersTo = { timeoutSeconds: plan.timeoutMs / 1000, percentiles };
  const responseTime = timesWithIntervals(recorder.responses, recorder.variation.absolute, answersTo);
  return {
    schema: "wirelab.run/2",
    protocol: plan.protocol,
    target: plan.targetText,
    address: endpoint?.address ?? "",
    seed: plan.seed,
    plan: reportedPlan(plan),
    host: senderHost(),
    sessionId: result.sessionId ?? null,
    startedAt: result.startedAt.toISOString(),
    ended: result.ended,
    durationSeconds: seconds,
    rate: {
      offered: plan.closedLoop ? null : perSecond(counts.planned, seconds),
      achieved: perSecond(counts.sent, seconds),
    },
    packets: packetsOf(result),
    duplicates: duplicatePlacesOf(recorder, directions),
    loss: lossOf(recorder, placesOf(counts.lost, directions, result.bufferDrops)),
    evidence: { kind: directions.evidence, text: attributionText(directions) },
    responseTime,
    failedTime: timesOf(recorder.failed, { packets: recorder.failed.count, timeoutSeconds: 0, percentiles }),
    serviceTime: timesOf(recorder.service, { ...answersTo, packets: counts.sent }),
    serverTime: timesOf(recorder.server, { packets: recorder.server.count, timeoutSeconds: 0, percentiles }),
    handshakes: handshakesOf(recorder.handshakes),
    oneWay: oneWayOf(recorder),
    clockSteps: recorder.oneWay.steps,
    reflectorClock: recorder.oneWay.reflectorClock ?? null,
    jitter: jitterOf(recorder),
    scheduleError: { ...twoQuantiles(scheduleError), max: scheduleError.max ?? null },
    handOver: handOverOf(recorder),
    receiveDelay: { ...twoQuantiles(receiveDelay), max: receiveDelay.max ?? null },
    bytes: { sent: counts.bytesSent, received: counts.bytesReceived },
    errors: errorsOf(recorder),
    statuses: Object.fromEntries(recorder.statuses),
    via: viaOf(result.relay),
    packetLog: result.packetLog ?? null,
    objectives: [],
    verdict: verdictOf(result, responseTime),
  };
}
