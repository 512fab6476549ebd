/** The target of a run: parsed from text, resolved once. */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { formatHostPort, isLoopback, parsePort, splitHostPort } from "../../base/address.ts";
import { type Protocol, REGISTRY } from "../../base/protocol.ts";
import { TargetError, UsageError } from "./errors.ts";
import { alternatives } from "./values.ts";

/** A target before name resolution. */
export interface Target {
  /** Name or address, without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The whole URL, for protocols whose targets are URLs. */
  readonly url?: URL;
}

/** A target with its address. */
export interface Endpoint extends Target {
  /** The address to which the name resolved, or the address itself. */
  readonly address: string;
  /** Whether the address belongs to this machine, so that both ends read the same clock. */
  readonly sameHost: boolean;
  /** The target behind it, `HOST:PORT`, if this is the address of a relay. */
  readonly behind?: string;
}

function readPort(text: string, target: string): number {
  const port = parsePort(text);
  if (port === undefined) throw new UsageError(`--target ${target}: expected a port from 1 to 65535`);
  return port;
}

/** Parses `host`, `host:port`, `[v6]:port`, a bare IPv6 address or, where the protocol has them, a URL. Throws UsageError. */
export function parseTarget(text: string, protocol: Protocol): Target {
  const { urlSchemes, port: defaultPort, ...entry } = REGISTRY[protocol];
  const defaultPath = "urlPath" in entry ? entry.urlPath : "/";
  const [scheme] = urlSchemes;
  if (text === "" || /\s/.test(text)) {
    throw new UsageError(`--target "${text}": expected a host${scheme ? ", host:port or URL" : " or host:port"}`);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseUrl(text, protocol);
  const slash = text.indexOf("/");
  const [authority, path] = slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash)];
  const parts = splitHostPort(authority);
  if (parts === undefined) throw new UsageError(`--target ${text}: expected host:port, or [address]:port for IPv6`);
  if (path !== "" && !scheme) throw new UsageError(`--target ${text}: ${protocol} does not take a path`);
  const port = parts.port === undefined ? defaultPort : readPort(parts.port, text);
  const target = { hostname: parts.host, port };
  return scheme
    ? { ...target, url: urlOf(`${scheme}://${formatHostPort(parts.host, port)}${path || defaultPath}`, text) }
    : target;
}

function urlOf(url: string, target: string): URL {
  if (!URL.canParse(url)) throw new UsageError(`--target ${target}: not a valid URL`);
  return withoutUser("target", new URL(url));
}

/**
 * The URL, unless it has a user name or password, which reports and kept runs would contain. Throws UsageError, whose
 * message does not contain them.
 */
export function withoutUser(flag: string, url: URL): URL {
  if (url.username === "" && url.password === "") return url;
  throw new UsageError(
    `--${flag} ${url.protocol}//…@${url.host}: a user name in a URL is not supported; send --header 'Authorization: …'`,
  );
}

function parseUrl(text: string, protocol: Protocol): Target {
  const schemes: readonly string[] = REGISTRY[protocol].urlSchemes;
  if (schemes.length === 0) throw new UsageError(`--target ${text}: ${protocol} takes host:port, not a URL`);
  const url = urlOf(text, text);
  if (!schemes.includes(url.protocol.slice(0, -1))) {
    throw new UsageError(`--target ${text}: expected ${alternatives(schemes.map((name) => `${name}://`))}`);
  }
  const isSecure = /^(?:https|wss):$/.test(url.protocol);
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  return { hostname: url.hostname.replace(/^\[|\]$/g, ""), port, url };
}

/** Whether an address belongs to this machine. */
function isOwnAddress(address: string): boolean {
  if (isLoopback(address)) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some((entry) => entry.address === address) ?? false);
}

/** Throws a UsageError if the target is an address of the other family; `family` 0 accepts both. */
export function checkFamily({ hostname }: Target, family: 0 | 4 | 6): void {
  const literal = isIP(hostname);
  if (family === 0 || literal === 0 || literal === family) return;
  throw new UsageError(`-${family} and the IPv${literal} address ${hostname} exclude each other`);
}

/** Resolves the target's name; `family` 0 prefers IPv4. Throws a TargetError if the name does not resolve. */
export async function resolveTarget(target: Target, family: 0 | 4 | 6): Promise<Endpoint> {
  if (isIP(target.hostname) !== 0) {
    return { ...target, address: target.hostname, sameHost: isOwnAddress(target.hostname) };
  }
  // RFC 6761 section 6.3: this name is always a loopback address, whatever the resolver returns.
  if (target.hostname === "localhost") {
    return { ...target, address: family === 6 ? "::1" : "127.0.0.1", sameHost: true };
  }
  const found = await Bun.dns.lookup(target.hostname, { family: family === 0 ? "any" : family }).catch(() => []);
  const chosen = found.find((entry) => entry.family === 4) ?? found[0];
  if (chosen === undefined) {
    const kind = family === 0 ? "" : ` to an IPv${family} address`;
    throw new TargetError(`${target.hostname} does not resolve${kind}`, "ENOTFOUND");
  }
  return { ...target, address: chosen.address, sameHost: isOwnAddress(chosen.address) };
}
