/** Makes the report of a run from its measurements. */
import { quantileOf } from "../measure/estimates.ts";
import { ATTRIBUTION } from "../measure/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { Endpoint } from "../plan/target.ts";
import { judge, type VerdictInput } from "./judge.ts";
import { lossOf } from "./loss.ts";
import { reportedPlan, senderHost } from "./origin.ts";
import { type PacketCounts, type RunReport, UNKNOWN_ANSWER } from "./report.ts";
import { timesOf, timesOfAll } from "./times.ts";

/** The result of a run, from which its report is made. */
export interface RunResult extends VerdictInput {
  /** Undefined if the target's name did not resolve. */
  readonly endpoint: Endpoint | undefined;
  readonly startedAt: Date;
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

/** Errors by code. Answers after the waiting time, and to packets that this run did not send, are one of them. */
function errorsOf({ errors, counts: { unknownAnswers } }: Recorder): Record<string, number> {
  return { ...Object.fromEntries(errors), ...(unknownAnswers > 0 ? { [UNKNOWN_ANSWER]: unknownAnswers } : {}) };
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}

/** The sums of docs/CONTRACT.md, section 6, which hold for every run that was not aborted by an error. */
function accountingDefect({ counts }: Recorder): string | undefined {
  const { planned, sent, unsent, refused, answered, lost, late, failed, corrupt } = counts;
  const isNegative = Object.values(counts).some((count) => count < 0);
  const addsUp = planned === sent + unsent + refused && sent === answered + lost + late + failed + corrupt;
  return isNegative || !addsUp ? `the packet accounting does not add up: ${JSON.stringify(counts)}` : undefined;
}

function verdictOf(result: RunResult): RunReport["verdict"] {
  const verdict = judge(result);
  const defect = result.failures.length > 0 ? undefined : accountingDefect(result.recorder);
  return defect === undefined ? verdict : { valid: false, reasons: [defect, ...verdict.reasons] };
}

/** The report of a result, without objectives. */
export function makeReport(result: RunResult): RunReport {
  const { plan, endpoint, recorder, seconds, directions } = result;
  const { counts, scheduleError } = recorder;
  const timeoutSeconds = plan.timeoutMs / 1000;
  return {
    schema: "wirelab.run/2",
    protocol: plan.protocol,
    target: plan.targetText,
    address: endpoint?.address ?? "",
    seed: plan.seed,
    plan: reportedPlan(plan),
    host: senderHost(),
    startedAt: result.startedAt.toISOString(),
    ended: result.ended,
    durationSeconds: seconds,
    rate: {
      offered: plan.closedLoop ? null : perSecond(counts.planned, seconds),
      achieved: perSecond(counts.sent, seconds),
    },
    packets: packetsOf(result),
    loss: lossOf(recorder),
    evidence: { kind: directions.evidence, text: ATTRIBUTION[directions.evidence] },
    responseTime: timesOfAll(recorder.responses, recorder.variation, timeoutSeconds),
    serviceTime: timesOfAll(recorder.services, recorder.variation, timeoutSeconds),
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
    verdict: verdictOf(result),
  };
}
