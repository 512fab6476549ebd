/** Reports and snapshots with known numbers. */
import { random } from "../../../src/base/random.ts";
import { unattributed } from "../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import type { IntervalSnapshot } from "../../../src/load/measure/snapshot.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { makeReport, type RunResult } from "../../../src/load/report/make.ts";
import type { RunReport } from "../../../src/load/report/report.ts";

/** A snapshot in which everything is 0. */
export const EMPTY_SNAPSHOT: IntervalSnapshot = {
  protocol: "udp",
  seconds: 0,
  interval: 1,
  totalSeconds: 10,
  planned: 0,
  unsent: 0,
  refused: 0,
  sent: 0,
  answered: 0,
  lost: 0,
  late: 0,
  failed: 0,
  corrupt: 0,
  duplicate: 0,
  reordered: 0,
  p50: null,
  p95: null,
  p99: null,
  max: null,
  over: {},
};

/** The report of a UDP run of 10 s with these measurements. */
export function reportOn(recorder: Recorder, result: Partial<RunResult> = {}): RunReport {
  return makeReport({
    plan: planRun({ protocol: "udp", seed: 1 }),
    ended: "completed",
    endpoint: undefined,
    recorder,
    directions: unattributed(recorder),
    startedAt: new Date(0),
    seconds: 10,
    failures: [],
    bufferDrops: 0,
    sessionId: undefined,
    ...result,
  });
}

/** A recorder with the outcomes of packets in order of sending: the time of each answer in ms, undefined if it is lost. */
export function recorderOf(times: readonly (number | undefined)[]): Recorder {
  const recorder = new Recorder();
  const losses = recorder.losses.stream();
  for (const time of times) {
    losses.record(time === undefined);
    if (time === undefined) recorder.responses.recordMissing();
    else {
      recorder.recordTimes(time, time);
      recorder.responses.record(time);
    }
  }
  const answered = times.filter((time) => time !== undefined).length;
  const [sent, lost] = [times.length, times.length - answered];
  Object.assign(recorder.counts, { planned: sent, sent, lost, answered });
  return recorder;
}

/**
 * The report of `sent` packets of which `lost` were lost, at random; the others have exponential times of this mean, ms.
 */
export function reportOf(sent: number, lost: number, meanMs: number, seed = 1): RunReport {
  const draw = random(seed, "test");
  let left = lost;
  const times = Array.from({ length: sent }, (_, packet) => {
    if (draw() * (sent - packet) >= left) return -Math.log1p(-draw()) * meanMs;
    left--;
    return undefined;
  });
  return reportOn(recorderOf(times));
}

/** A text with its line breaks and indentation as single spaces, to find sentences that are wrapped. */
export function unwrapped(text: string): string {
  return text.replace(/\s+/g, " ");
}
