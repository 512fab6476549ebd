/** The words for the verdict of a run and for the results of its objectives, which the page shows too. */
import { formatRate, formatSeconds, formatShare, NONE } from "../../../base/format.ts";
import type { JudgedObjective, RunEnd, RunReport } from "../report.ts";
import { paint, type Screen, type Tone } from "./screen.ts";

/** How a run ended, in words. */
export const END_TEXTS: Readonly<Record<RunEnd, string>> = {
  completed: "completed",
  interrupted: "interrupted",
  "gave-up": "gave up",
};

/** An objective that is met by a run that is not valid is not called met alone. */
function resultOf({ met, runValid }: JudgedObjective, screen: Screen): string {
  if (!met) return paint(screen, "bad", "MISSED");
  return runValid ? paint(screen, "good", "met") : paint(screen, "caution", "met, but the run is not valid");
}

/** An objective and its result, as one line. */
export function objectiveLine(objective: JudgedObjective, screen: Screen): string {
  const { text, value, over, edge, note } = objective;
  const format = /^\s*rate/i.test(text)
    ? formatRate
    : /^\s*(loss|errors|late)/i.test(text)
      ? formatShare
      : formatSeconds;
  const measured = over !== undefined ? `> ${formatSeconds(over)}` : value === null ? NONE : format(value);
  const limit = edge === null || edge === value ? "" : `, confidence limit ${format(edge)}`;
  return `objective ${text}: ${resultOf(objective, screen)}: ${measured}${limit}${note === undefined ? "" : ` (${note})`}`;
}

/** What the words of a verdict depend on. */
interface Judged {
  readonly ended: RunEnd | null;
  readonly verdict: Pick<RunReport["verdict"], "valid">;
}

/** The verdict in words, and its meaning. */
export function verdictOf({ ended, verdict }: Judged): readonly [text: string, tone: Tone] {
  if (verdict.valid) return ["valid", "good"];
  if (ended === null || ended === "completed") return ["NOT VALID", "bad"];
  return [END_TEXTS[ended], ended === "interrupted" ? "caution" : "bad"];
}
