/**
 * Forwards TCP and UDP ports to services, with faults: `bun scripts/relay.ts --listen udp:7443 --to 127.0.0.1:443`. Connects the
 * process's arguments, files and signals to src/relay/cli/command.ts. compose.yml runs it in front of the labs, so that the
 * published ports stay the same however many labs there are.
 */
import { writeFileSync } from "node:fs";
import { checkWritable } from "../src/base/files.ts";
import { InternalErrors } from "../src/base/internal-errors.ts";
import { createLog } from "../src/base/log.ts";
import { signalHandler } from "../src/base/signals.ts";
import { runRelayCommand } from "../src/relay/cli/command.ts";

/** Resolves at the first signal; the second one ends the process. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    const handler = signalHandler(resolve, () => process.exit(130));
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, handler);
  });
}

const isTerminal = process.stderr.isTTY === true && process.env.TERM !== "dumb";
const errors = new InternalErrors(
  createLog({ level: "error", readable: isTerminal, sink: (line) => console.error(line) }),
);
// The last guard: an error at a place without one of its own does not end the relays.
for (const event of ["uncaughtException", "unhandledRejection"] as const)
  process.on(event, (error: unknown) => errors.caught(error, event));

const command = runRelayCommand(process.argv.slice(2), {
  variables: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal,
  columns: () => process.stderr.columns ?? 120,
  checkWritable,
  writeFile: (path, text) => writeFileSync(path, text),
  failed: (error) => errors.caught(error, "relay"),
  stopped,
});
process.exitCode = await command.catch((error: unknown) => {
  errors.caught(error, "command");
  return 1;
});
