/** Reports and snapshots with known numbers. */
import { random } from "../../../src/base/random.ts";
import { unattributed } from "../../../src/load/measure/loss-direction.ts";
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
  sent: 0,
  answered: 0,
  lost: 0,
  late: 0,
  failed: 0,
  corrupt: 0,
  duplicate: 0,
  reordered: 0,
  p50: null,
  p99: null,
  max: null,
};

/** The report of a UDP run of 10 s with these measurements. */
export function reportOn(recorder: Recorder, result: Partial<RunResult> = {}): RunReport {
  return makeReport({
    plan: planRun({ protocol: "udp", seed: 1 }),
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

/** The report of `sent` packets of which `lost` were lost; the others have exponential times of this mean, ms. */
export function reportOf(sent: number, lost: number, meanMs: number, seed = 1): RunReport {
  const recorder = new Recorder();
  const draw = random(seed, "test");
  Object.assign(recorder.counts, { planned: sent, sent, lost, answered: sent - lost });
  for (let packet = lost; packet < sent; packet++) {
    const time = -Math.log1p(-draw()) * meanMs;
    recorder.recordTimes(time, time);
  }
  return reportOn(recorder);
}
