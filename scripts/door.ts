/**
 * Leads the ports of one place to the ports of a lab that has none published: `bun scripts/door.ts --target lab`.
 * compose.yml runs it, so that the contract's ports stay where they are however many labs there are.
 */
import { parseArgs } from "node:util";
import { followBackend } from "../src/relay/backend.ts";
import { openTcpDoor } from "../src/relay/tcp.ts";
import { openUdpDoor } from "../src/relay/udp.ts";

/** How often the target's name is looked up; a lab that was replaced is found again after this long. */
const LOOK_UP_MS = 1000;

const HELP = `door: leads the ports of one place to those of a lab that has none published

usage: bun scripts/door.ts --target LAB [flags]

  --target NAME      the name or IPv4 address of the lab, looked up once a second
  --host ADDRESS     address to listen on (127.0.0.1, or WIRELAB_HOST)
  --http-port PORT   5000, --tcp-port PORT 6000, --udp-port PORT 7000; 0 picks a free one

example:
  bun scripts/door.ts --target lab --host 0.0.0.0
`;

function fail(status: 1 | 2, line: string): never {
  console.error(`door: ${line}`);
  process.exit(status);
}

function readArguments(): { target: string; host: string; http: number; tcp: number; udp: number } {
  try {
    const text = { type: "string" } as const;
    const { values } = parseArgs({
      options: {
        target: text,
        host: text,
        "http-port": text,
        "tcp-port": text,
        "udp-port": text,
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    if (!values.target) return fail(2, "--target: missing; allowed: the name or IPv4 address of a lab");
    const port = (name: "http-port" | "tcp-port" | "udp-port", fallback: number): number => {
      const given = values[name];
      if (given === undefined) return fallback;
      return /^\d{1,5}$/.test(given) && Number(given) < 65_536
        ? Number(given)
        : fail(2, `--${name}=${given}: not allowed; allowed: a port from 0 to 65535`);
    };
    return {
      target: values.target,
      host: values.host ?? process.env.WIRELAB_HOST ?? "127.0.0.1",
      http: port("http-port", 5000),
      tcp: port("tcp-port", 6000),
      udp: port("udp-port", 7000),
    };
  } catch (error) {
    return fail(2, error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
}

const { target, host, ...ports } = readArguments();
using backend = await followBackend(target, LOOK_UP_MS);
await using doors = new AsyncDisposableStack();
const opened = [];
for (const [name, open, port, labPort] of [
  ["HTTP", openTcpDoor, ports.http, 5000],
  ["TCP", openTcpDoor, ports.tcp, 6000],
  ["UDP", openUdpDoor, ports.udp, 7000],
] as const) {
  const door = await open(host, port, backend, labPort).catch((error: unknown) =>
    fail(1, `${name} port ${port} on ${host}: ${error instanceof Error ? error.message : String(error)}`),
  );
  doors.use(door);
  opened.push(`${name} ${door.port}`);
}
console.log(`door: ${opened.join(", ")} lead to ${target} (${backend.address ?? "not there yet"})`);
await new Promise((resolve) => {
  process.once("SIGTERM", resolve);
  process.once("SIGINT", resolve);
});
