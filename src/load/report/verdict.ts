/** Whether the numbers of a run are valid (docs/CONTRACT.md, section 6), with the reasons why not. */
import { counted, formatSeconds } from "../../base/format.ts";
import type { Directions } from "../measure/directions/loss-direction.ts";
import type { Histogram } from "../measure/histograms/histogram.ts";
import type { Recorder } from "../measure/recorder.ts";
import { samplesNeeded } from "../measure/statistics/estimates.ts";
import { QUANTILES, quantileLabel } from "../plan/quantiles.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { type Falsified, falsifiedBy } from "./lateness.ts";
import type { RunEnd, RunReport } from "./report.ts";
import type { Times } from "./report-times.ts";

/** What the verdict of a run depends on. */
export interface VerdictInput {
  readonly plan: RunPlan;
  readonly ended: RunEnd;
  /** How long packets were sent, s. */
  readonly seconds: number;
  readonly recorder: Recorder;
  readonly directions: Directions;
  /** Errors that kept the run from measuring all or anything, one line each. */
  readonly failures: readonly string[];
  /** Datagrams that the kernel dropped at this run's own receive buffers; undefined where it does not report them. */
  readonly bufferDrops: number | undefined;
  /** The 95 % intervals of the response times. */
  readonly intervals?: Times["intervals"];
}

/** Whether the run's numbers are valid (docs/CONTRACT.md, section 6); if not, each reason and its remedy. */
export function judge(input: VerdictInput): RunReport["verdict"] {
  const reasons = [
    ...input.failures,
    ...endReasons(input),
    ...senderReasons(input),
    ...answerReasons(input),
    ...labReasons(input),
    ...sampleReasons(input),
  ];
  return { valid: reasons.length === 0, interrupted: input.ended === "interrupted", reasons };
}

/** A run that ended before its plan. A run without an end of its own is always stopped. */
function endReasons({ plan, ended, seconds, recorder }: VerdictInput): string[] {
  const whole = Number.isFinite(plan.seconds)
    ? formatSeconds(plan.seconds)
    : plan.count !== undefined && counted(plan.count, "packet");
  const part = `after ${formatSeconds(seconds)}${whole === false ? "" : ` of ${whole}`}`;
  if (ended === "interrupted" && whole !== false) {
    return [
      `the run was interrupted ${part}; the numbers are those of the ${counted(recorder.counts.sent, "packet")} sent`,
    ];
  }
  // A target that could not be reached at all is among the failures.
  return ended === "gave-up" && seconds > 0 ? [`the run gave up ${part}, because every packet was refused`] : [];
}

/** The beginning of a sentence about packets: `1 packet was`. */
function were(packets: number): string {
  return `${counted(packets, "packet")} ${packets === 1 ? "was" : "were"}`;
}

/** Problems of the load generator itself. */
function senderReasons({ recorder, intervals = {} }: VerdictInput): string[] {
  const reasons: string[] = [];
  const { unsent, unreached, refused } = recorder.counts;
  const { response: values, undelayed } = recorder;
  const falsified = falsifiedBy({ values, undelayed, packets: recorder.counts.sent, intervals });
  if (falsified !== undefined) reasons.push(latenessReason(falsified, recorder));
  if (unreached > 0) {
    reasons.push(
      `${were(unreached)} not sent by the end of the run, because the sender could not reach the rate; lower --rate, or free a processor core for the load generator`,
    );
  }
  if (unsent > unreached) {
    reasons.push(
      `${were(unsent - unreached)} not sent because no connection was free in time; raise --connections or lower --rate`,
    );
  }
  if (refused > 0) {
    reasons.push(
      `${were(refused)} refused by the kernel of this machine and not sent; the errors have its reasons, such as EPERM for a firewall rule`,
    );
  }
  if (recorder.counts.discarded > 0) {
    reasons.push(
      `${counted(recorder.counts.discarded, "packet")} counted as lost before the waiting time had passed, because the accounting was full; lower --rate or --wait`,
    );
  }
  return reasons;
}

/** The generator's own delays as the reason of an invalid run: what they did to which number, and what is allowed. */
function latenessReason(
  { name, value, added, allowed, low }: Falsified,
  { scheduleError, receiveDelay }: Recorder,
): string {
  const parts = `p99 of sending late ${p99Of(scheduleError)}, of reading late ${p99Of(receiveDelay)}`;
  return `${formatSeconds(added)} of the ${formatSeconds(value)} of ${quantileLabel(name)} are delays of this load generator (${parts}); allowed are ${formatSeconds(allowed)}, or down to ${formatSeconds(low)}, where its interval ends; lower --rate, or free a processor core for it`;
}

function p99Of(delays: Histogram): string {
  return formatSeconds(delays.quantile(0.99) ?? 0);
}

/** Problems with the answers as this machine received them. */
function answerReasons({ plan, recorder, bufferDrops }: VerdictInput): string[] {
  const reasons: string[] = [];
  if (recorder.surplusAnswers > 0) {
    reasons.push(
      `${counted(recorder.surplusAnswers, "part")} of answers arrived after the answer to their packet, as from a target that reads a packet in several parts and answers each; lost packets can count as answered; use --mode stamp, or a smaller --size`,
    );
  }
  const { longestLagMs, shortestRestMs } = recorder.copies;
  if (shortestRestMs < plan.waitMs && longestLagMs > shortestRestMs / 2) {
    reasons.push(
      `copies of answers arrived up to ${longestLagMs.toFixed(1)} ms after the answer, and a socket carried its next packet after ${shortestRestMs.toFixed(1)} ms; lost packets can count as answered; use --mode stamp, or lower --rate`,
    );
  }
  if (bufferDrops !== undefined && bufferDrops > 0) {
    reasons.push(
      `the kernel dropped ${counted(bufferDrops, "answer")} because this run's receive buffer was full, and ${bufferDrops === 1 ? "it counts" : "they count"} as lost; lower --rate, or raise net.core.rmem_max`,
    );
  }
  return reasons;
}

function labReasons({ directions }: VerdictInput): string[] {
  if (directions.heldByLab === 0) return [];
  return [
    `the lab still held ${counted(directions.heldByLab, "packet")} at the end of the run; raise --wait above its delay fault`,
  ];
}

function sampleReasons({ plan, recorder, failures }: VerdictInput): string[] {
  const { sent } = recorder.counts;
  const needed = samplesNeeded(QUANTILES.p50);
  if (failures.length > 0 || sent === 0 || sent >= needed) return [];
  const flag = plan.count === undefined ? "--duration" : "--count";
  return [
    `${counted(sent, "packet")} ${sent === 1 ? "is" : "are"} too few for any percentile, which needs ${needed}; raise ${flag}`,
  ];
}
