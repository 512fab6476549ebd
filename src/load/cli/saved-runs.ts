/** `--save`: keeps the runs for the lab's page. */
import { fileProblem } from "../../base/file-errors.ts";
import type { Histogram } from "../measure/histograms/histogram.ts";
import { UsageError } from "../plan/errors.ts";
import { describeRepetition } from "../report/comparison/run-set.ts";
import type { RunReport } from "../report/report.ts";

/** Keeps runs. */
export interface RunKeeper {
  /** Throws if runs cannot be kept. */
  readonly check: () => void;
  /** Keeps runs, and returns where in one line; throws if it cannot. */
  readonly keep: (runs: readonly SavedRun[]) => string;
}

/** A run to be kept. */
export interface SavedRun {
  readonly report: RunReport;
  /** The response times from which the report was made. */
  readonly response: Histogram;
}

/** The keeper. Throws a UsageError if runs cannot be kept, so that no run is made before it is known. */
export function checkedKeeper(keeper: RunKeeper | undefined): RunKeeper {
  if (!keeper) throw new UsageError("--save: set WIRELAB_DATA to the SQLite file in which the lab keeps its runs");
  try {
    keeper.check();
  } catch (error) {
    throw new UsageError(`--save: ${fileProblem(error)}`);
  }
  return keeper;
}

/** Keeps each repetition as a run of its own, and passes a line for each to `err`. Throws if one cannot be kept. */
export function saveRuns(runs: readonly SavedRun[], keeper: RunKeeper, err: (text: string) => void): void {
  const repetitionOf = ({ report: { repetition } }: SavedRun) => repetition && describeRepetition(repetition);
  for (const group of Map.groupBy(runs, repetitionOf).values()) {
    err(`${keeper.keep(group.map(({ report, response }) => ({ report, response })))}\n`);
  }
}
