/** The load command without its process: runs what was asked, shows it, writes it, and gives the exit status. */

import type { ProcessUsage } from "../../base/kernel.ts";
import type { Histogram } from "../measure/histogram.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { Timeline } from "../measure/timeline.ts";
import { UsageError } from "../plan/errors.ts";
import { planRun } from "../plan/options.ts";
import { readReports, renderComparison } from "../report/compare.ts";
import { explain } from "../report/explain.ts";
import type { HtmlPart } from "../report/html.ts";
import type { RunReport } from "../report/report.ts";
import { renderReport } from "../report/text.ts";
import { type LoadRun, runLoad } from "../run.ts";
import { type Command, parseCommand } from "./flags.ts";
import { HELP } from "./help.ts";
import { jsonText, OutputFiles, type WriteFile } from "./outputs.ts";
import { LiveView } from "./progress.ts";
import { runMetrics } from "./run-metrics.ts";
import { exitStatus, STATUS } from "./status.ts";

/** What the command needs of its surroundings. */
export interface Surroundings {
  readonly out: (text: string) => Promise<void>;
  /** For progress and complaints. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal whose lines can be rewritten. */
  readonly terminal: boolean;
  readonly columns: () => number;
  readonly readFile: (path: string) => Uint8Array;
  readonly writeFile: WriteFile;
  /** Calls back at each Ctrl-C. */
  readonly onInterrupt: (callback: () => void) => void;
  readonly exit: (status: number) => void;
  readonly usage: () => ProcessUsage;
  readonly build: { readonly version: string; readonly bun_version: string };
  /** Keeps the runs among the lab's and says where, in one line; throws where that cannot be. Undefined: no place is named. */
  readonly save: ((runs: readonly SavedRun[]) => string) | undefined;
  /** Where `--metrics-port` listens unless told. */
  readonly metricsHost: string;
}

/** A run to be kept: its report, and the response times that it was made from. */
export interface SavedRun {
  readonly report: RunReport;
  readonly response: Histogram;
}

/** A run with what its outputs need while it lasts. */
interface Observed {
  readonly run: LoadRun;
  readonly timeline: Timeline;
  readonly timeoutSeconds: number;
}

/** Runs the command; gives its exit status. */
export async function runCommand(words: readonly string[], around: Surroundings): Promise<number> {
  try {
    const command = parseCommand(words, around.readFile);
    if (command.help) {
      await around.out(HELP);
      return STATUS.done;
    }
    return await carryOut(command, around);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    around.err(`${error.message}\n`);
    return STATUS.usage;
  }
}

async function carryOut(command: Command, around: Surroundings): Promise<number> {
  const earlier = command.outputs.compare === undefined ? undefined : readEarlier(command.outputs.compare, around);
  if (command.save && !around.save) {
    throw new UsageError("--save: set WIRELAB_DATA to the SQLite file in which the lab keeps its runs");
  }
  // All of them are refused before any of them starts.
  for (const options of command.runs) planRun(options);
  const observed = command.runs.map((options): Observed => {
    const run = runLoad(command.metrics === undefined ? options : { ...options, follow: true });
    return { run, timeline: new Timeline(), timeoutSeconds: options.timeout ?? 2 };
  });
  const interrupted = interruptible(observed, around);
  const files = new OutputFiles(command.outputs, around.writeFile);
  const server = serveMetrics(command, observed, around);
  const view = command.quiet ? undefined : new LiveView(around.err, around.terminal, around.columns);
  await Promise.all(
    observed.map((each) =>
      follow(each, (snapshot, before) => {
        view?.show(snapshot);
        files.row(snapshot, before);
      }),
    ),
  );
  view?.end();
  const reports = await Promise.all(observed.map(({ run }) => run.report));
  await server?.stop(true);
  await print(command, reports, earlier, around);
  const parts = partsOf(observed, reports);
  files.finish(parts);
  if (command.save) saveRuns(parts, around, files);
  for (const failure of files.failures) around.err(`${failure}\n`);
  const status = exitStatus(reports, interrupted());
  return files.failures.length > 0 && status === STATUS.done ? STATUS.usage : status;
}

function readEarlier(path: string, around: Surroundings): RunReport[] {
  const reports = readReports(Buffer.from(readOrRefuse("compare", path, around)).toString());
  if (reports === undefined) throw new UsageError(`--compare ${path}: not a JSON report of this command`);
  return reports;
}

function readOrRefuse(flag: string, path: string, around: Surroundings): Uint8Array {
  try {
    return around.readFile(path);
  } catch (error) {
    throw new UsageError(`--${flag} ${path}: ${error instanceof Error ? error.message : "cannot be read"}`);
  }
}

/** The first Ctrl-C ends the sending, the second one the program. */
function interruptible(observed: readonly Observed[], around: Surroundings): () => boolean {
  let interrupted = false;
  around.onInterrupt(() => {
    if (interrupted) return around.exit(STATUS.interrupted);
    interrupted = true;
    around.err("\nstopping: waiting for the last answers; once more ends at once\n");
    for (const { run } of observed) run.stop();
  });
  return () => interrupted;
}

function serveMetrics(command: Command, observed: readonly Observed[], around: Surroundings) {
  if (command.metrics === undefined) return undefined;
  const { port, host = around.metricsHost } = command.metrics;
  const exposition = runMetrics({
    runs: observed.map(({ run }) => run.measured),
    process: around.usage,
    build: around.build,
  });
  try {
    return Bun.serve({
      hostname: host,
      port,
      fetch: async (request) =>
        new URL(request.url).pathname === "/metrics"
          ? new Response(await exposition.render(), { headers: { "Content-Type": exposition.contentType } })
          : new Response("the run's series are at /metrics\n", { status: 404 }),
    });
  } catch (error) {
    for (const { run } of observed) run.stop();
    throw new UsageError(`--metrics-port ${port}: ${error instanceof Error ? error.message : "cannot be had"}`);
  }
}

async function follow(
  { run, timeline }: Observed,
  show: (now: Snapshot, before: Snapshot | undefined) => void,
): Promise<void> {
  let before: Snapshot | undefined;
  for await (const snapshot of run) {
    timeline.add(snapshot);
    show(snapshot, before);
    before = snapshot;
  }
}

async function print(
  command: Command,
  reports: readonly RunReport[],
  earlier: readonly RunReport[] | undefined,
  around: Surroundings,
): Promise<void> {
  if (command.outputs.json === "-") return around.out(jsonText(reports));
  const parts = [
    ...(command.explain ? reports.map((report) => `${report.protocol}\n\n${explain(report)}\n\n`) : []),
    ...(earlier === undefined ? [] : [`${renderComparison(earlier, reports)}\n`]),
    renderReport(reports),
  ];
  await around.out(parts.join(""));
}

/** What files and stores are made from, once the reports are there. */
function partsOf(observed: readonly Observed[], reports: readonly RunReport[]): HtmlPart[] {
  return observed.flatMap(({ run, timeline, timeoutSeconds }, index) => {
    const report = reports[index];
    const { response, service } = run.measured.recorder();
    return report === undefined ? [] : [{ report, response, service, timeline: timeline.points, timeoutSeconds }];
  });
}

function saveRuns(parts: readonly SavedRun[], around: Surroundings, files: OutputFiles): void {
  try {
    around.err(`${around.save?.(parts.map(({ report, response }) => ({ report, response })))}\n`);
  } catch (error) {
    files.fail("save", `--save: ${error instanceof Error ? error.message : "the run could not be kept"}`);
  }
}
