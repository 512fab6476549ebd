/** The exit status of the load command (docs/CONTRACT.md, section 6). */
import { hasNoAnswer } from "../report/no-answer.ts";
import type { RunReport } from "../report/report.ts";

/** The statuses. */
export const STATUS = {
  /** Every objective is met. */
  done: 0,
  /** An objective is missed. */
  missed: 1,
  /** Bad usage, or a result could not be written. */
  usage: 2,
  /** No packet was answered, not even with a status that counts as failed. */
  nothing: 3,
  /** With `--require-valid`: a run is not valid. */
  invalid: 4,
  interrupted: 130,
} as const;

/**
 * The status for these reports: that of the worst one. An objective that an invalid run meets or misses proves nothing, so
 * that `requireValid` comes before the objectives.
 */
export function exitStatus(reports: readonly RunReport[], interrupted: boolean, requireValid = false): number {
  if (interrupted) return STATUS.interrupted;
  if (reports.some(hasNoAnswer)) return STATUS.nothing;
  if (requireValid && reports.some(({ verdict }) => !verdict.valid)) return STATUS.invalid;
  if (reports.some(({ objectives }) => objectives.some(({ met }) => !met))) return STATUS.missed;
  return STATUS.done;
}
