/** The load command without its process: starts the runs, shows their progress, writes the results. */

import { fileProblem } from "../../base/file-errors.ts";
import type { ProcessUsage } from "../../base/kernel.ts";
import { signalHandler } from "../../base/signals.ts";
import type { Variables } from "../../base/variables.ts";
import { ConfigError, readPorts, variableWarnings } from "../../config.ts";
import type { Histogram } from "../measure/histograms/histogram.ts";
import type { IntervalSnapshot } from "../measure/snapshot.ts";
import { UsageError } from "../plan/errors.ts";
import { describeRepetition } from "../report/comparison/run-set.ts";
import { jsonOf } from "../report/files/json.ts";
import type { RunReport } from "../report/report.ts";
import type { Screen } from "../report/text/screen.ts";
import { HELP } from "./help.ts";
import { type ReadFile, readReportFile } from "./input-files.ts";
import { serveMetrics } from "./metrics-server.ts";
import { type CheckWritable, checkOutputs, OutputFiles, type RunColumn, type WriteFile } from "./outputs.ts";
import { type Command, parseCommand } from "./parse.ts";
import { PrintedRows } from "./printed-rows.ts";
import { ProgressView } from "./progress.ts";
import { Repetitions, type RunInProgress, type Step, stepsOf } from "./repetitions.ts";
import { reportText } from "./report-text.ts";
import { exitStatus, STATUS } from "./status.ts";

/** The parts of the process that the command uses. */
export interface CommandEnvironment {
  /** Writes to standard output. */
  readonly out: (text: string) => Promise<void>;
  /** The width of standard output or of standard error, and whether it shows colours. */
  readonly screen: (stream: "stdout" | "stderr") => Screen;
  /** Writes progress and errors. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal whose lines can be rewritten. */
  readonly terminal: boolean;
  /** Width of the terminal. */
  readonly columns: () => number;
  readonly readFile: ReadFile;
  readonly checkWritable: CheckWritable;
  readonly writeFile: WriteFile;
  /** Registers a callback for each Ctrl-C. */
  readonly onInterrupt: (callback: () => void) => void;
  /** Ends the process. */
  readonly exit: (status: number) => void;
  readonly usage: () => ProcessUsage;
  readonly build: { readonly version: string; readonly bun_version: string };
  /** The commit of the build, if it is known. */
  readonly commit?: string | undefined;
  /** Where runs are kept; undefined if no place is configured. */
  readonly save: RunKeeper | undefined;
  /** The environment variables. */
  readonly variables: Variables;
  /** Default of `--metrics-host`. */
  readonly metricsHost: string;
}

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

/** Runs the command; resolves with its exit status. */
export async function runCommand(words: readonly string[], environment: CommandEnvironment): Promise<number> {
  try {
    const { readFile, variables, build } = environment;
    const command = parseCommand(words, readFile, () => readPorts(variables));
    if (command.help || command.version) {
      await environment.out(command.help ? HELP : `${build.version}\n`);
      return STATUS.done;
    }
    for (const line of variableWarnings(variables)) environment.err(`warning: ${line}\n`);
    return await execute(command, environment);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
    environment.err(`${error.message}\n`);
    return STATUS.usage;
  }
}

async function execute(command: Command, environment: CommandEnvironment): Promise<number> {
  const { outputs } = command;
  const { compare } = outputs;
  const earlier = compare === undefined ? undefined : readReportFile("compare", compare, environment.readFile);
  if (command.save) checkSave(environment.save);
  checkOutputs(outputs, environment.checkWritable);
  // The metrics endpoint reports directions during the run.
  const runs = new Repetitions(stepsOf(command), command.metrics !== undefined);
  const rows = new PrintedRows(environment.out);
  const write: WriteFile = (path, text, append) =>
    path === "-" ? rows.add(text) : environment.writeFile(path, text, append);
  const files = new OutputFiles(outputs, write, runColumns(command));
  const server = startMetrics(command, runs, environment);
  const isInterrupted = stopOnInterrupt(runs, environment);
  const made = await runs.complete(
    (protocol) => files.packets(protocol),
    (current, step) => followAll(current, step, command, files, environment, isInterrupted),
  );
  await server?.stop(true);
  const completed = made.map((run) => ({ ...run, report: withCommand(run.report, command, environment.commit) }));
  const reports = completed.map(({ report }) => report);
  await rows.end().catch((error: unknown) => files.failPrinted(error));
  await printReports(command, reports, earlier, environment);
  files.finish(completed);
  if (command.save) saveRuns(completed, files, environment);
  for (const failure of files.failures) environment.err(`${failure}\n`);
  const status = exitStatus(reports, isInterrupted(), command.requireValid);
  return files.failures.length > 0 && status === STATUS.done ? STATUS.usage : status;
}

/** Throws a UsageError if runs cannot be kept, so that no run is made before it is known. */
function checkSave(keeper: RunKeeper | undefined): void {
  if (!keeper) throw new UsageError("--save: set WIRELAB_DATA to the SQLite file in which the lab keeps its runs");
  try {
    keeper.check();
  } catch (error) {
    throw new UsageError(`--save: ${fileProblem(error)}`);
  }
}

/** The report with the flags of the command and the commit of the build. */
function withCommand(report: RunReport, { flags }: Command, commit: string | undefined): RunReport {
  return {
    ...report,
    plan: report.plan && { ...report.plan, flags },
    host: report.host && { ...report.host, ...(commit !== undefined && { commit }) },
  };
}

/** The first Ctrl-C stops the runs, the second one ends the process. Returns whether there was one. */
function stopOnInterrupt(runs: Repetitions, environment: CommandEnvironment): () => boolean {
  let isInterrupted = false;
  const stop = () => {
    isInterrupted = true;
    environment.err("\nstopping: waiting for outstanding answers; press Ctrl-C again to end at once\n");
    runs.stop();
  };
  environment.onInterrupt(signalHandler(stop, () => environment.exit(STATUS.interrupted)));
  return () => isInterrupted;
}

function startMetrics(command: Command, runs: Repetitions, environment: CommandEnvironment) {
  if (command.metrics === undefined) return undefined;
  const { port, host = environment.metricsHost } = command.metrics;
  const { usage, build } = environment;
  return serveMetrics(host, port, { runs: () => runs.measured, process: usage, build });
}

function runColumns({ repeat, against }: Command): readonly RunColumn[] {
  if (repeat === 1) return [];
  return against === undefined ? ["run"] : ["run", "side"];
}

/** Passes the snapshots of all runs to the progress view, the CSV file and the timelines, until the runs end. */
async function followAll(
  runs: readonly RunInProgress[],
  { repetition }: Step,
  { quiet }: Command,
  files: OutputFiles,
  { err, terminal, columns }: CommandEnvironment,
  isInterrupted: () => boolean,
): Promise<void> {
  const view = quiet ? undefined : new ProgressView(err, terminal, columns, repetition);
  const follow = async ({ run, timeline }: RunInProgress) => {
    for await (const progress of run.warmUp) view?.showWarmUp(progress);
    let before: IntervalSnapshot | undefined;
    for await (const snapshot of run) {
      timeline.add(snapshot);
      view?.show(snapshot);
      files.addRow(snapshot, before, repetition);
      before = snapshot;
    }
  };
  await Promise.all(runs.map(follow));
  view?.end(isInterrupted());
}

async function printReports(
  command: Command,
  reports: readonly RunReport[],
  earlier: readonly RunReport[] | undefined,
  { out, err, screen }: CommandEnvironment,
): Promise<void> {
  const { json, csv } = command.outputs;
  if (json === "-")
    await out(`${jsonOf(reports, command.repeat > 1)}
`);
  const isData = json === "-" || csv === "-";
  if (isData && command.quiet) return;
  const text = reportText(command, reports, earlier, screen(isData ? "stderr" : "stdout"));
  if (isData) err(text);
  else await out(text);
}

function repetitionOf({ repetition }: RunReport): string {
  return repetition === undefined ? "" : `, ${describeRepetition(repetition)}`;
}

/** Keeps each repetition as a run of its own. */
function saveRuns(runs: readonly SavedRun[], files: OutputFiles, { save, err }: CommandEnvironment): void {
  try {
    for (const group of Map.groupBy(runs, ({ report }) => repetitionOf(report)).values()) {
      err(`${save?.keep(group.map(({ report, response }) => ({ report, response })))}\n`);
    }
  } catch (error) {
    files.fail("save", `--save: ${fileProblem(error)}`);
  }
}
