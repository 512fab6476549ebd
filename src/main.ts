/** The process: reads the configuration, starts the lab, and stops it on a signal. */
import { version } from "../package.json";
import { formatHostPort } from "./base/address.ts";
import { InternalErrors } from "./base/internal-errors.ts";
import { createLog, type Log } from "./base/log.ts";
import { isSecure, PROTOCOLS, REGISTRY, recordOf } from "./base/protocol.ts";
import { signalHandler } from "./base/signals.ts";
import { CertificateError } from "./certificates/certificate.ts";
import {
  type Command,
  type Config,
  ConfigError,
  changeHint,
  helpText,
  readCommand,
  servedProtocols,
} from "./config.ts";
import { printLinkFaults } from "./faults/link-text.ts";
import { printImpairments } from "./faults/print.ts";
import { type Lab, type LabRelay, startLab } from "./lab.ts";
import { measureCommand } from "./load/plan/lab-address.ts";
import { openRoute, RelayError } from "./relay/route/route.ts";
import { printRoute } from "./relay/route/text.ts";
import { ListenError } from "./servers/listener.ts";

function readOrExit(): Command {
  try {
    return readCommand(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`wirelab: ${error.message}`);
    process.exit(2);
  }
}

/** The faults at the start, of the protocols that are served. */
function faultsAtStart(config: Config): string {
  return printImpairments(recordOf(servedProtocols(config), (protocol) => config.impair[protocol]));
}

/** A relay with the port on which it listens. */
const printOpenRelay = (relay: LabRelay) => printRoute(openRoute(relay));

/** The rows of relays that are open: where each listens, its upstream and its faults. */
function relayRows({ relays }: Lab, row: (what: string, where: string, hint: string) => string): string[] {
  return relays.list().map(({ route: { name, protocol, listen, upstream }, port, faults }) => {
    const where = `${protocol}:${formatHostPort(listen.host, port)}`;
    const text = printLinkFaults(protocol, faults);
    const impaired = text === "none" ? "" : `, faults ${text}`;
    return row("relay", where, `${name} > ${formatHostPort(upstream.host, upstream.port)}${impaired}`);
  });
}

/** The addresses of everything, printed at the start. */
function banner(lab: Lab, config: Config): string {
  const { host, token, seed } = config;
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const page = `http://${shown}:${lab.ports.http}`;
  const row = (what: string, where: string | number, hint: string) =>
    `  ${what.padEnd(9)} ${`${where}`.padEnd(31)} ${hint}`.trimEnd();
  const faults = faultsAtStart(config);
  const hasAuthority = config.tlsCert === undefined && servedProtocols(config).some(isSecure);
  return [
    `wirelab ${version} on ${host}`,
    "",
    row("page", page, "open it in a browser"),
    row("metrics", `${page}/metrics`, "for Prometheus"),
    row("API", `${page}/swagger`, "every route, with a form to try it"),
    ...(hasAuthority ? [row("authority", `${page}/ca.pem`, `curl -O ${page}/ca.pem`)] : []),
    "",
    ...PROTOCOLS.flatMap((protocol) => {
      const { title, example } = REGISTRY[protocol];
      const port = lab.ports[protocol];
      return port === undefined
        ? []
        : row(title, `${shown}:${port}`, example.replace("HOST", shown).replace("PORT", `${port}`));
    }),
    ...(lab.ports.stamp === undefined
      ? []
      : [row("STAMP", `${shown}:${lab.ports.stamp}`, "any STAMP or TWAMP-Light sender")]),
    ...(lab.ports.toxiproxy === undefined
      ? []
      : [row("Toxiproxy", `http://${shown}:${lab.ports.toxiproxy}`, "TOXIPROXY_URL of its clients")]),
    ...relayRows(lab, row),
    "",
    row("faults", `${faults} (seed ${seed})`, `curl -X PUT -d 'udp:drop=0.2' ${page}/impairments`),
    row(
      "control",
      "from this machine",
      token === undefined ? "from other hosts with WIRELAB_TOKEN" : "and from other hosts with the token",
    ),
    row("measure", "scripts/load.ts", measureCommand(shown.replace(/^\[|\]$/g, ""), lab.ports)),
    row("stop", "Ctrl-C", ""),
    "",
  ].join("\n");
}

/** Which setting to change for a port that is not available. */
function adviceOn({ code, portName }: ListenError): string {
  const name = portName === "websocket" ? "http" : portName;
  return changeHint(code === "EADDRINUSE" || code === "EACCES" ? `${name}Port` : "host");
}

/** A relay that cannot be opened ends the process: with status 1 if its port is not available. */
function failAtRelay({ message, problem }: RelayError): never {
  console.error(`wirelab: ${message}${problem.code === undefined ? "" : changeHint("relays")}`);
  process.exit(problem.code === undefined ? 2 : 1);
}

async function main(): Promise<void> {
  const command = readOrExit();
  if (command.kind === "help") return console.log(helpText());
  if (command.kind === "version") return console.log(version);
  const { config, warnings } = command;
  const readable = process.stdout.isTTY;
  const log = createLog({ level: config.logLevel, readable, sink: (line) => console.log(line) });
  for (const line of warnings) log.write("warn", line);
  const errors = new InternalErrors(log);
  let lab: Lab;
  try {
    lab = await startLab({ ...config, log, errors });
  } catch (error) {
    if (error instanceof CertificateError) {
      console.error(`wirelab: ${error.message}`);
      process.exit(2);
    }
    if (error instanceof RelayError) failAtRelay(error);
    if (!(error instanceof ListenError)) throw error;
    console.error(`wirelab: ${error.message}${adviceOn(error)}`);
    process.exit(1);
  }
  // The last guard: an error at a place without one of its own ends neither the lab nor its measurements.
  for (const event of ["uncaughtException", "unhandledRejection"] as const)
    process.on(event, (error: unknown) => errors.caught(error, event));
  if (readable) console.log(banner(lab, config));
  else
    log.write("info", "wirelab listens", {
      version,
      host: config.host,
      ...lab.ports,
      faults: faultsAtStart(config),
      ...(config.relays.length > 0 && { relays: lab.relays.list().map(printOpenRelay).join(",") }),
    });
  stopOnSignals(lab, log);
}

/** The first SIGINT or SIGTERM stops the lab, the second one ends the process. */
function stopOnSignals(lab: Lab, log: Log): void {
  let received = "";
  const stop = async () => {
    log.write("info", `${received}: stopping; a second signal ends the process at once`);
    await lab.stop();
    process.exit(0);
  };
  const handler = signalHandler(stop, () => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      received ||= signal;
      handler();
    });
  }
}

await main();
