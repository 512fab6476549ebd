/** The addresses of proxies as Go writes them: `127.0.0.1:8080`, `localhost:0`, `[::1]:8080`, `:8080` or nothing. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { formatHostPort } from "../base/address.ts";
import type { HostPort } from "../relay/route/route.ts";
import { failed } from "./errors.ts";

/** Splits at the last colon, as Go's net.SplitHostPort. Throws ToxiproxyError, whose message begins with `prefix`. */
function split(text: string, prefix: string): HostPort {
  const fail = (problem: string): never => {
    throw failed(`${prefix}address ${text}: ${problem}`);
  };
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(text) ?? [];
  if (port === undefined) return fail(/:.*:/.test(text) ? "too many colons in address" : "missing port in address");
  if (!/^\d*$/.test(port)) throw failed(`${prefix}lookup tcp/${port}: unknown port`);
  if (Number(port) > 65_535) throw failed(`${prefix}address ${port}: invalid port`);
  return { host: bracketed ?? plain ?? "", port: Number(port) };
}

/**
 * The address and the port on which a proxy is to listen. A text without a host means `defaultHost`: Toxiproxy takes all
 * addresses then, and this program listens on loopback unless it is told otherwise. Rejects with ToxiproxyError.
 */
export async function resolveListen(text: string, defaultHost: string, prefix = ""): Promise<HostPort> {
  const { host, port } = text === "" ? { host: "", port: 0 } : split(text, prefix);
  const name = host || defaultHost;
  if (isIP(name) !== 0) return { host: name, port };
  try {
    const found = await lookup(name, { all: true });
    const first = found.find(({ family }) => family === 4) ?? found[0];
    if (first) return { host: first.address, port };
  } catch {
    // the error below says it
  }
  throw failed(`${prefix}lookup ${name}: no such host`);
}

/** Where a proxy forwards to. What is no address is taken as a name: it has no addresses, and connections are refused. */
export function upstreamOf(text: string): HostPort {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) return { host: text, port: 0 };
  return { host: host || "127.0.0.1", port: Number(port) };
}

/** The error of a port that could not be opened. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "cannot assign requested address",
};

/** The message of a port that could not be opened; undefined for another error. */
export function bindProblem({ host, port }: HostPort, code: string): string | undefined {
  const reason = REASONS[code];
  return reason && `listen tcp ${formatHostPort(host, port)}: bind: ${reason}`;
}
