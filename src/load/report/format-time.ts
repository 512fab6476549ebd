/** Times of a report as text. */
import { formatSeconds } from "../../base/format.ts";
import type { EstimatedTime, Times } from "./report-times.ts";

/**
 * A time as text, s, ms or µs; `> 2 s` for a percentile over the timeout.
 * @param format of a duration in s
 */
export function formatTime(
  times: Partial<Pick<Times, EstimatedTime | "min" | "max">> & Pick<Times, "over">,
  name: EstimatedTime | "min" | "max",
  format: (seconds: number | null) => string = formatSeconds,
): string {
  const over = name === "mean" || name === "min" || name === "max" ? undefined : times.over[name];
  return over === undefined ? format(times[name] ?? null) : `> ${formatSeconds(over)}`;
}

/** How long a run lasted that was interrupted: `interrupted after 2 s of 10 s`; without the total if it had no time limit. */
export function formatInterruption(seconds: number, totalSeconds: number): string {
  const whole = Number.isFinite(totalSeconds) ? ` of ${formatSeconds(totalSeconds)}` : "";
  return `interrupted after ${formatSeconds(seconds)}${whole}`;
}
