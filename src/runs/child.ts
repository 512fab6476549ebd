/**
 * The process of a load run that the page started. A process of its own, because a generator in the lab's would
 * measure its own event loop, count in the lab's processor time, and take the lab down with it.
 * Like main.ts it is an entry, and may touch the process.
 */
import { type LoadRun, runLoad } from "../load/run.ts";
import { detailOf } from "./detail.ts";
import type { News, Order } from "./messages.ts";

function tell(news: News): void {
  process.send?.(news);
}

async function follow(run: LoadRun): Promise<void> {
  for await (const snapshot of run) tell({ kind: "snapshot", snapshot });
}

let running: readonly LoadRun[] = [];

async function start(runs: Extract<Order, { kind: "start" }>["runs"]): Promise<void> {
  try {
    running = runs.map((options) => runLoad(options));
    await Promise.all(running.map(follow));
    const done = await Promise.all(running.map(async (run) => ({ report: await run.report, measured: run.measured })));
    const reports = done.map(({ report }) => report);
    const details = done.map(({ report, measured }) => detailOf(report, measured.recorder().response));
    tell({ kind: "done", reports, details });
  } catch (error) {
    tell({ kind: "failed", error: error instanceof Error ? error.message : String(error) });
  }
}

process.on("message", (order: Order) => {
  if (order.kind === "start") void start(order.runs);
  else for (const run of running) run.stop();
});
process.on("disconnect", () => process.exit(0)); // the lab is gone: nobody waits for the report
process.on("SIGINT", () => {}); // Ctrl-C on the lab's terminal reaches its whole group; the lab decides
tell({ kind: "ready" });
