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
  interrupted: 130,
} as const;

/** The status for these reports: that of the worst one. */
export function exitStatus(reports: readonly RunReport[], interrupted: boolean): number {
  if (interrupted) return STATUS.interrupted;
  if (reports.some(hasNoAnswer)) return STATUS.nothing;
  if (reports.some(({ objectives }) => objectives.some(({ met }) => !met))) return STATUS.missed;
  return STATUS.done;
}
