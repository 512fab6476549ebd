/**
 * A lab, without faults and log unless options are given: bun lab.ts KIND [OPTIONS]. OPTIONS is JSON: `impair`, as text, and
 * `debug`, which writes the lines of the packet log, and
 * `connections`, the limits of connections, and `cert` and `key`, the files of a certificate, with which it serves the kind
 * besides. Prints its port for the kind; for `all`, the HTTP, UDP and TCP ports.
 */
import { createLog } from "../../src/base/log.ts";
import { isSecure, PORT_PROTOCOLS } from "../../src/base/protocol.ts";
import { parseImpairments, startLab } from "../../src/index.ts";
import { DEFAULT_LIMITS } from "../../src/limits.ts";

const [kind, text = "{}"] = process.argv.slice(2);
const options = new Map<string, unknown>(Object.entries(JSON.parse(text)));
const connections = Number(options.get("connections") ?? DEFAULT_LIMITS.httpConnections);
const sink = (line: string) => void process.stderr.write(`${line}\n`);
const [cert, key] = [options.get("cert"), options.get("key")];
/** Only the kind of the row is served of those with a handshake. */
const secured = PORT_PROTOCOLS.filter(isSecure).map((protocol) => [`${protocol}Port`, protocol === kind ? 0 : "off"]);
const lab = await startLab({
  httpPort: 0,
  tcpPort: 0,
  udpPort: 0,
  ...(cert && key
    ? { tls: "on", tlsCert: String(cert), tlsKey: String(key), ...Object.fromEntries(secured) }
    : { tls: "off" }),
  impair: parseImpairments(String(options.get("impair") ?? "none")),
  limits: { httpConnections: connections, tcpConnections: connections },
  ...(options.get("debug") === true && { log: createLog({ level: "debug", readable: false, sink }) }),
});
const { http, tcp, udp } = lab.ports;
const own = PORT_PROTOCOLS.find((protocol) => protocol === kind);
console.log(kind === "all" ? `${http} ${udp} ${tcp}` : own ? lab.ports[own] : http);
