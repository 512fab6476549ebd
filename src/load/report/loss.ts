/** The loss of a run for the report: ratio, 95 % interval, bursts and gaps. */
import { gilbert } from "../measure/losses/gilbert.ts";
import { estimateLoss, lossBoundIfIndependent } from "../measure/losses/loss-interval.ts";
import type { RunLengths } from "../measure/losses/run-lengths.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { LossPlaces } from "./places.ts";
import type { LossReport, NoLossInterval, RunLengthsReport } from "./report-packets.ts";

function lengthsOf({ count, mean, longest }: RunLengths): RunLengthsReport {
  return { count, mean: mean ?? null, max: longest ?? null };
}

/** Why the loss has no interval although the estimate may have one. */
function reasonOf({ losses, counts }: Recorder): NoLossInterval | undefined {
  if (losses.lost === 0) return "no losses";
  // Some of the packets without an identified answer were answered, but which of them is unknown.
  return losses.lost === counts.lost ? undefined : "damaged answers";
}

function gilbertOf({ losses }: Recorder): LossReport["gilbert"] {
  const { goodToBad, badToGood } = gilbert(losses);
  return goodToBad === undefined || badToGood === undefined ? null : { p: goodToBad, r: badToGood };
}

/** The loss of the packets that a run sent. */
export function lossOf(recorder: Recorder, places: LossPlaces): LossReport {
  const { losses, counts } = recorder;
  const estimate = estimateLoss(losses);
  const reason = reasonOf(recorder) ?? estimate.unknown ?? null;
  const { interval } = reason === null ? estimate : { interval: undefined };
  return {
    ratio: counts.sent === 0 ? 0 : counts.lost / counts.sent,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    method: "gilbert95",
    reason,
    limits: reason !== null && reason === estimate.unknown ? (estimate.limits ?? null) : null,
    effectiveSampleSize: interval === undefined ? null : estimate.effectivePackets,
    highIfIndependent: reason === "no losses" && counts.sent > 0 ? lossBoundIfIndependent(counts.sent) : null,
    bursts: lengthsOf(losses.bursts),
    gaps: lengthsOf(losses.gaps),
    gilbert: gilbertOf(recorder),
    places,
  };
}
