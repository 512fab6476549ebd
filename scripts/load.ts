/** The load command: flags, a run for each protocol, live lines, a report. */
import { writeFile } from "node:fs/promises";
import { type Command, parseCommand } from "../src/load/flags.ts";
import { HELP } from "../src/load/help.ts";
import { progressLine } from "../src/load/progress.ts";
import { type LoadRun, runLoad } from "../src/load/run.ts";
import type { Snapshot } from "../src/load/snapshot.ts";
import { exitStatus, STATUS } from "../src/load/status.ts";
import { UsageError } from "../src/load/target.ts";
import { renderReport } from "../src/load/text.ts";

/** Live lines go to standard error, so that the report on standard output can be piped. */
async function follow(run: LoadRun): Promise<void> {
  let before: Snapshot | undefined;
  for await (const snapshot of run) {
    process.stderr.write(`${progressLine(snapshot, before)}\n`);
    before = snapshot;
  }
}

function start(command: Command): LoadRun[] {
  try {
    return command.runs.map((options) => runLoad(options));
  } catch (error) {
    if (error instanceof UsageError) failUsage(error);
    throw error;
  }
}

function failUsage(error: UsageError): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(STATUS.usage);
}

function read(): Command {
  try {
    return parseCommand(process.argv.slice(2));
  } catch (error) {
    if (error instanceof UsageError) failUsage(error);
    throw error;
  }
}

const command = read();
if (command.help) {
  await Bun.write(Bun.stdout, HELP);
  process.exit(STATUS.done);
}

const runs = start(command);
let interrupted = false;
process.on("SIGINT", () => {
  if (interrupted) process.exit(STATUS.interrupted);
  interrupted = true;
  process.stderr.write("stopping: waiting for the last answers; once more ends at once\n");
  for (const run of runs) run.stop();
});

if (!command.quiet) await Promise.all(runs.map(follow));
const reports = await Promise.all(runs.map((run) => run.report)).catch((error: unknown) => {
  if (error instanceof UsageError) failUsage(error);
  throw error;
});
if (command.json !== "-") await Bun.write(Bun.stdout, renderReport(reports));
let status = exitStatus(reports, interrupted);
if (command.json !== undefined) {
  const text = `${JSON.stringify(reports.length === 1 ? reports[0] : reports, undefined, 2)}\n`;
  if (command.json === "-") await Bun.write(Bun.stdout, text);
  else {
    await writeFile(command.json, text).catch((error: unknown) => {
      process.stderr.write(`--json ${command.json}: ${error instanceof Error ? error.message : String(error)}\n`);
      status = STATUS.usage;
    });
  }
}
process.exit(status);
