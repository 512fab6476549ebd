/**
 * Forwards the ports of one host to a lab that publishes none: `bun scripts/relay.ts --target lab`. compose.yml runs
 * it, so that the published ports stay the same however many labs there are.
 */
import { parseArgs } from "node:util";
import { messageOf } from "../src/base/message.ts";
import { PORT_PROTOCOLS, REGISTRY } from "../src/base/protocol.ts";
import { errorCode } from "../src/load/measure/error-code.ts";
import { followBackend } from "../src/relay/backend.ts";
import { openTcpRelay } from "../src/relay/tcp.ts";
import { openUdpRelay } from "../src/relay/udp.ts";

/** Interval of the target's DNS look-ups; the longest time until a replaced lab is found. */
const LOOK_UP_MS = 1000;

const OPEN = { tcp: openTcpRelay, udp: openUdpRelay };

const portFlags = PORT_PROTOCOLS.map((protocol) => {
  const { title, port } = REGISTRY[protocol];
  const flag = `--${protocol}-port PORT`;
  return `  ${flag.padEnd(18)} ${title} port to listen on (${port}); 0 picks a free one`;
});

const HELP = `relay: forwards the ports of one host to a lab that publishes none

usage: bun scripts/relay.ts --target LAB [flags]

  --target NAME      name or IPv4 address of the lab, looked up once a second
  --host ADDRESS     address to listen on (127.0.0.1, or WIRELAB_HOST)
${portFlags.join("\n")}

example:
  bun scripts/relay.ts --target lab --host 0.0.0.0
`;

/** The parsed arguments. */
interface Arguments {
  readonly target: string;
  readonly host: string;
  /** The port to listen on for each of PORT_PROTOCOLS. */
  readonly ports: readonly number[];
}

function fail(status: 1 | 2, line: string): never {
  console.error(`relay: ${line}`);
  process.exit(status);
}

function parse() {
  const text = { type: "string" } as const;
  const ports = Object.fromEntries(PORT_PROTOCOLS.map((protocol) => [`${protocol}-port`, text]));
  try {
    return parseArgs({ options: { ...ports, target: text, host: text, help: { type: "boolean", short: "h" } } }).values;
  } catch (error) {
    return fail(2, messageOf(error).split("\n")[0] ?? "");
  }
}

function readPort(name: string, text: string | boolean | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (typeof text === "string" && /^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  return fail(2, `--${name}=${text}: not allowed; allowed: a port from 0 to 65535`);
}

function readArguments(): Arguments {
  const values = parse();
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  if (!values.target) return fail(2, "--target: missing; allowed: the name or IPv4 address of a lab");
  const given: Readonly<Record<string, string | boolean | undefined>> = values;
  return {
    target: values.target,
    host: values.host ?? process.env.WIRELAB_HOST ?? "127.0.0.1",
    ports: PORT_PROTOCOLS.map((protocol) => {
      const name = `${protocol}-port`;
      return readPort(name, given[name], REGISTRY[protocol].port);
    }),
  };
}

const { target, host, ports } = readArguments();
using backend = await followBackend(target, LOOK_UP_MS);
await using relays = new AsyncDisposableStack();
const listening: string[] = [];
for (const [index, protocol] of PORT_PROTOCOLS.entries()) {
  const { title, transport, port: labPort } = REGISTRY[protocol];
  const port = ports[index] ?? labPort;
  const relay = await OPEN[transport](host, port, backend, labPort).catch((error: unknown) => {
    const reason = errorCode(error) === "EADDRINUSE" ? `is in use; choose another with --${protocol}-port` : "";
    return fail(1, `${title} port ${port} on ${host}${reason ? ` ${reason}` : `: ${messageOf(error)}`}`);
  });
  relays.use(relay);
  listening.push(`${title} ${relay.port}`);
}
console.log(`relay: ${listening.join(", ")} forward to ${target} (${backend.address ?? "no address yet"})`);
await new Promise((resolve) => {
  process.once("SIGTERM", resolve);
  process.once("SIGINT", resolve);
});
