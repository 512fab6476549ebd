/**
 * The process of a load run that was started from the page. It is a separate process because a generator inside the
 * lab's process would measure the lab's event loop, add to the lab's CPU time, and end the lab if it failed. Like
 * main.ts it is an entry point and may use `process`.
 */
import { messageOf } from "../base/message.ts";
import { type LoadRun, runLoad } from "../load/run.ts";
import { detailOf } from "./detail.ts";
import type { RunCommand, RunEvent } from "./messages.ts";

function send(event: RunEvent): void {
  process.send?.(event);
}

async function sendSnapshots(run: LoadRun): Promise<void> {
  for await (const snapshot of run) send({ kind: "snapshot", snapshot });
}

let running: readonly LoadRun[] = [];

async function start(runs: Extract<RunCommand, { kind: "start" }>["runs"]): Promise<void> {
  try {
    running = runs.map((options) => runLoad(options));
    await Promise.all(running.map(sendSnapshots));
    const done = await Promise.all(running.map(async (run) => ({ report: await run.report, measured: run.measured })));
    const reports = done.map(({ report }) => report);
    const details = done.map(({ report, measured }) => detailOf(report, measured.recorder().response));
    send({ kind: "done", reports, details });
  } catch (error) {
    send({ kind: "failed", error: messageOf(error) });
  }
}

process.on("message", (command: RunCommand) => {
  if (command.kind === "start") void start(command.runs);
  else for (const run of running) run.stop();
});
process.on("disconnect", () => process.exit(0)); // the lab's process has ended, so the report has no receiver
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole process group; the lab ends this process
send({ kind: "ready" });
