/** What limits the one-way delays of a report, as sentences for every display of it. */
import { formatSeconds } from "../../base/format.ts";
import type { RunReport } from "./report.ts";

/** Clocks that were set during the run, and that the one-way delays are not comparable. Empty without either. */
export function clockNotes({ oneWay, clockSteps, reflectorClock }: RunReport): string[] {
  const steps = clockSteps.map(
    ({ side, seconds, atSeconds }) =>
      `clock: the ${side}'s was set by ${formatSeconds(seconds)} after ${formatSeconds(atSeconds)}`,
  );
  if (oneWay.up.count === 0 || oneWay.comparable) return steps;
  const scale =
    reflectorClock?.format === "ptp"
      ? ["clock: the reflector sends PTP timestamps, usually TAI, which is 37 s ahead of UTC"]
      : [];
  return ["one-way delays: the two clocks differ, so only changes of the delays are meaningful", ...steps, ...scale];
}
