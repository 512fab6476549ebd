/**
 * A lab, without faults and log unless options are given: bun lab.ts KIND [OPTIONS]. OPTIONS is JSON: `impair`, as text, and
 * `debug`, which writes the lines of the packet log, and
 * `connections`, the limits of connections. Prints its port for the kind; for `all`, the HTTP, UDP and TCP ports.
 */
import { createLog } from "../../src/base/log.ts";
import { parseImpairments, startLab } from "../../src/index.ts";
import { DEFAULT_LIMITS } from "../../src/limits.ts";

const [kind, text = "{}"] = process.argv.slice(2);
const options = new Map<string, unknown>(Object.entries(JSON.parse(text)));
const connections = Number(options.get("connections") ?? DEFAULT_LIMITS.httpConnections);
const sink = (line: string) => void process.stderr.write(`${line}\n`);
const lab = await startLab({
  httpPort: 0,
  tcpPort: 0,
  udpPort: 0,
  tls: "off",
  impair: parseImpairments(String(options.get("impair") ?? "none")),
  limits: { httpConnections: connections, tcpConnections: connections },
  ...(options.get("debug") === true && { log: createLog({ level: "debug", readable: false, sink }) }),
});
const { http, tcp, udp } = lab.ports;
console.log(kind === "all" ? `${http} ${udp} ${tcp}` : kind === "udp" ? udp : kind === "tcp" ? tcp : http);
