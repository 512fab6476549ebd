/** The command's exit status (contract, section 6). */
import type { RunReport } from "../report/report.ts";

/** What `--help` and the contract call them. */
export const STATUS = { done: 0, missed: 1, usage: 2, nothing: 3, interrupted: 130 } as const;

/** The status for these reports: the worst of them counts. */
export function exitStatus(reports: readonly RunReport[], interrupted: boolean): number {
  if (interrupted) return STATUS.interrupted;
  if (reports.some(({ packets }) => packets.answered + packets.late === 0)) return STATUS.nothing;
  if (reports.some((report) => report.objectives.some((objective) => !objective.met))) return STATUS.missed;
  return STATUS.done;
}
