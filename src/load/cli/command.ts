/** The load command without its process: starts the runs, shows their progress, writes the results. */

import { fileProblem } from "../../base/file-errors.ts";
import type { Protocol } from "../../base/protocol.ts";
import { signalHandler } from "../../base/signals.ts";
import { ConfigError, readPorts, variableWarnings } from "../../config.ts";
import type { IntervalSnapshot } from "../measure/snapshot.ts";
import { UsageError } from "../plan/errors.ts";
import { jsonOf } from "../report/files/json.ts";
import type { RunReport } from "../report/report.ts";
import type { CommandEnvironment } from "./environment.ts";
import { HELP } from "./help.ts";
import { readReportFile } from "./input-files.ts";
import { serveMetrics } from "./metrics-server.ts";
import { checkOutputs, OutputFiles, type RunColumn, type WriteFile } from "./outputs.ts";
import { type Command, parseCommand } from "./parse.ts";
import { PrintedRows } from "./printed-rows.ts";
import { ProgressView } from "./progress.ts";
import { Repetitions, type RunInProgress, type Step, stepsOf } from "./repetitions.ts";
import { reportText } from "./report-text.ts";
import { checkedKeeper, saveRuns } from "./saved-runs.ts";
import { exitStatus, STATUS } from "./status.ts";

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
  const keeper = command.save ? checkedKeeper(environment.save) : undefined;
  checkOutputs(outputs, environment.checkWritable);
  // The metrics endpoint reports directions during the run.
  const runs = new Repetitions(stepsOf(command), command.metrics !== undefined, environment.openRelay);
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
  try {
    if (keeper) saveRuns(completed, keeper, environment.err);
  } catch (error) {
    files.fail("save", `--save: ${fileProblem(error)}`);
  }
  for (const failure of files.failures) environment.err(`${failure}\n`);
  const status = exitStatus(reports, isInterrupted(), command.requireValid);
  return files.failures.length > 0 && status === STATUS.done ? STATUS.usage : status;
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

function protocolsOf(runs: readonly RunInProgress[]): readonly Protocol[] {
  return runs.map(({ run }) => run.measured.protocol);
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
  const view = quiet ? undefined : new ProgressView(err, terminal, columns, repetition, protocolsOf(runs));
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
