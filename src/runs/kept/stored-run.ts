/** A kept run as a row of the file: what is written, and how it is read. */
import { readReports } from "../../load/report/files/json.ts";
import type { RunReport } from "../../load/report/report.ts";
import type { KeptRun, NewRun, RunDetail, RunLine, RunSource, RunSummary } from "../shapes.ts";
import { UnreadableRunError } from "./errors.ts";
import { withoutUsers } from "./without-users.ts";

/** The columns of a run that is saved. */
export interface StoredRun {
  readonly source: RunSource;
  /** JSON. */
  readonly reports: string;
  readonly details: string;
}

/** A row of the file. */
export interface Row extends StoredRun {
  readonly id: number;
  readonly saved_at: string;
}

/** The columns of a new run. */
export function storedFrom({ source, reports, details }: NewRun): StoredRun {
  return { source, reports: JSON.stringify(reports), details: JSON.stringify(details) };
}

function lineOf(report: RunReport): RunLine {
  const { protocol, target, rate, durationSeconds, packets, loss, responseTime, ended, verdict } = report;
  return {
    protocol,
    target,
    rate: rate.achieved,
    seconds: durationSeconds,
    sent: packets.sent,
    lossRatio: loss.ratio,
    p50: responseTime.p50,
    p95: responseTime.p95,
    p99: responseTime.p99,
    over: responseTime.over,
    ended: ended ?? null,
    valid: verdict.valid,
  };
}

/** The reports in the column that `storedFrom` writes, in this version or an earlier one. Throws UnreadableRunError. */
function readStored(id: number, text: string): readonly RunReport[] {
  const reports = readReports(withoutUsers(text));
  if (reports === undefined) throw new UnreadableRunError(`run ${id} is kept, but its report cannot be read`);
  return reports;
}

function readDetails({ id, details }: Row): readonly RunDetail[] {
  try {
    const parsed: unknown = JSON.parse(withoutUsers(details));
    if (Array.isArray(parsed)) return parsed; // `storedFrom` writes the column
  } catch {
    // as below
  }
  throw new UnreadableRunError(`run ${id} is kept, but its details cannot be read`);
}

/** A row as the list shows it; without lines if its report cannot be read. */
export function summaryOf({ id, saved_at: savedAt, source, reports }: Omit<Row, "details">): RunSummary {
  try {
    return { id, savedAt, source, lines: readStored(id, reports).map(lineOf) };
  } catch {
    return { id, savedAt, source, lines: [], unreadable: true };
  }
}

/** The run in a row. Throws UnreadableRunError. */
export function runOf(row: Row): KeptRun {
  const { id, saved_at: savedAt, source, reports } = row;
  return { id, savedAt, source, details: readDetails(row), reports: readStored(id, reports) };
}
