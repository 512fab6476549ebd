/** Reads the configuration, starts the lab, stops it on a signal: the only place that touches the process. */
import { version } from "../package.json";
import { type Command, type Config, ConfigError, helpText, readCommand } from "./config.ts";
import { printImpairments } from "./impairment-text.ts";
import { type Lab, ListenError, startLab } from "./lab.ts";
import { createLog } from "./log.ts";

function readOrExit(): Command {
  try {
    return readCommand(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`wirelab: ${error.message}`);
    process.exit(2);
  }
}

/** One screen that says where everything is. */
function banner(lab: Lab, { host, impair, token, seed }: Config): string {
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const page = `http://${shown}:${lab.ports.http}`;
  const faults = printImpairments(impair);
  const stamp = lab.ports.stamp === undefined ? [] : [`  STAMP    ${shown}:${lab.ports.stamp}`];
  return [
    `wirelab ${version} on ${host}`,
    "",
    `  HTTP     ${page}    try: curl -d '{"n":7}' ${page}`,
    `  TCP      ${shown}:${lab.ports.tcp}           try: printf 'Hello TCP 7' | nc -N ${shown} ${lab.ports.tcp}`,
    `  UDP      ${shown}:${lab.ports.udp}           try: printf 'Hello UDP 7' | nc -u -w1 ${shown} ${lab.ports.udp}`,
    ...stamp,
    "",
    `  metrics  ${page}/metrics`,
    `  API      ${page}/swagger`,
    `  faults   ${faults} (seed ${seed})    change: curl -X PUT -d 'udp:drop=0.2' ${page}/impairments`,
    `  control  from this machine${token === undefined ? "; from others with WIRELAB_TOKEN" : ", and with the token from others"}`,
    "",
    "  measure  bun run scripts/load.ts --proto udp",
    "  stop     Ctrl-C",
    "",
  ].join("\n");
}

async function main(): Promise<void> {
  const command = readOrExit();
  if (command.kind === "help") return console.log(helpText());
  if (command.kind === "version") return console.log(version);
  const { config } = command;
  const readable = process.stdout.isTTY;
  const log = createLog({ level: config.logLevel, readable, sink: (line) => console.log(line) });
  let lab: Lab;
  try {
    lab = await startLab({ ...config, log });
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    console.error(`wirelab: ${error.message}`);
    process.exit(1);
  }
  if (readable) console.log(banner(lab, config));
  else
    log.write("info", "wirelab listens", {
      version,
      host: config.host,
      ...lab.ports,
      faults: printImpairments(config.impair),
    });

  let signals = 0;
  const onSignal = async (signal: string) => {
    if (++signals > 1) process.exit(130);
    log.write("info", `${signal}: stopping; once more to end at once`);
    await lab.stop();
    process.exit(0);
  };
  process.on("SIGINT", () => onSignal("SIGINT"));
  process.on("SIGTERM", () => onSignal("SIGTERM"));
}

await main();
