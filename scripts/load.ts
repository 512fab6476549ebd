/** The load command: connects the process's arguments, files and streams to src/load/cli/command.ts. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { version } from "../package.json";
import { checkWritable } from "../src/base/files.ts";
import { processUsage } from "../src/base/kernel.ts";
import { runCommand } from "../src/load/cli/command.ts";
import type { RunKeeper } from "../src/load/cli/saved-runs.ts";
import { screenOf } from "../src/load/cli/screen.ts";
import { detailOf } from "../src/runs/detail.ts";
import { RunStore } from "../src/runs/kept/store.ts";

/** Keeps runs in the file of WIRELAB_DATA, with those that were started from the page. */
function keeperOf(path: string | undefined): RunKeeper | undefined {
  if (!path) return undefined;
  return {
    check: () => RunStore.open(path).close(),
    keep(runs) {
      using store = RunStore.open(path);
      const reports = runs.map(({ report }) => report);
      const details = runs.map(({ report, response }) => detailOf(report, response));
      return `kept as run ${store.save({ source: "command", reports, details })} in ${path}`;
    },
  };
}

const status = await runCommand(process.argv.slice(2), {
  out: async (text) => void (await Bun.write(Bun.stdout, text)),
  err: (text) => void process.stderr.write(text),
  screen: (stream) => screenOf(process[stream], process.env),
  terminal: process.stderr.isTTY === true && process.env.TERM !== "dumb",
  columns: () => process.stderr.columns ?? 120,
  readFile: (path) => readFileSync(path),
  checkWritable,
  writeFile: (path, text, append) => (append ? appendFileSync(path, text) : writeFileSync(path, text)),
  onInterrupt: (callback) => {
    process.on("SIGINT", callback);
    process.on("SIGTERM", callback);
  },
  exit: (code) => process.exit(code),
  usage: processUsage,
  build: { version, bun_version: Bun.version },
  commit: process.env.WIRELAB_COMMIT || undefined,
  save: keeperOf(process.env.WIRELAB_DATA),
  // Loaded if a run needs it: a relay has a listener of each transport.
  openRelay: async (relay) => (await import("../src/relay/own-relay.ts")).openOwnRelay(relay),
  variables: process.env,
  // The container image sets it, so that Prometheus can reach the run's endpoint as it reaches the lab's.
  metricsHost: process.env.WIRELAB_HOST ?? "127.0.0.1",
});
process.exit(status);
