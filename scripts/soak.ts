/** The soak: connects the process's arguments, output and signals to soak/run.ts. */
import { messageOf } from "../src/base/message.ts";
import { signalHandler } from "../src/base/signals.ts";
import { HELP, readOptions, type SoakOptions, SoakUsageError } from "./soak/options.ts";
import { Progress } from "./soak/progress.ts";
import { soak } from "./soak/run.ts";

function optionsOrExit(): SoakOptions {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== "help") return options;
    console.log(HELP.trimEnd());
    process.exit(0);
  } catch (error) {
    if (!(error instanceof SoakUsageError)) throw error;
    console.error(`soak: ${error.message}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
const progress = new Progress();
const interrupt = new AbortController();
const handler = signalHandler(
  () => interrupt.abort(),
  () => process.exit(130),
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, handler);

const startedAt = performance.now();
const parts = { say: console.log, signal: interrupt.signal, progress };
const defects = await soak(options, parts).catch((error: unknown) => [messageOf(error)]);
const measured = `${progress.summary()}, ${Math.round((performance.now() - startedAt) / 1000)} s`;
if (interrupt.signal.aborted) console.log(`soak: interrupted: ${measured}`);
else if (defects.length === 0) console.log(`soak: passed: ${measured}`);
else {
  for (const defect of defects) console.log(`  ${defect}`);
  console.log(
    `soak: FAILED: ${defects.length === 1 ? defects[0] : `${defects.length} defects, listed above`}; ${measured}`,
  );
}
process.exit(interrupt.signal.aborted ? 130 : defects.length === 0 ? 0 : 1);
