/** Where a run sends to: parsed from text, resolved once, and said back to the person who asked. */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { formatHostPort, isLoopback, parsePort, splitHostPort } from "../../base/address.ts";
import { type Protocol, REGISTRY } from "../../base/protocol.ts";
import { TargetError, UsageError } from "./errors.ts";

/** A target as text says it, before any name is looked up. */
export interface Target {
  readonly hostname: string;
  readonly port: number;
  /** Only of HTTP: the whole URL. */
  readonly url?: URL;
}

/** A target with its address. */
export interface Endpoint extends Target {
  /** The address that the name resolved to, or the address itself. */
  readonly address: string;
  /** Whether the address is one of this machine's own, so that both ends read one clock. */
  readonly sameHost: boolean;
}

function portOf(text: string, whole: string): number {
  const port = parsePort(text);
  if (port === undefined) throw new UsageError(`--target ${whole}: the port is a number from 1 to 65535`);
  return port;
}

/** Parses `host`, `host:port`, `[v6]:port`, a bare IPv6 address or, for HTTP, a URL. Throws UsageError. */
export function parseTarget(text: string, protocol: Protocol): Target {
  const { url: takesUrl, port: usual } = REGISTRY[protocol];
  if (text === "" || /\s/.test(text))
    throw new UsageError(`--target "${text}": expected a host, host:port${takesUrl ? " or URL" : ""}`);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseUrl(text, protocol);
  const slash = text.indexOf("/");
  const [authority, path] = slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash)];
  const parts = splitHostPort(authority);
  if (parts === undefined) throw new UsageError(`--target ${text}: expected host:port, or [address]:port for IPv6`);
  if (path !== "" && !takesUrl) throw new UsageError(`--target ${text}: a path means nothing to ${protocol}`);
  const port = parts.port === undefined ? usual : portOf(parts.port, text);
  const target = { hostname: parts.host, port };
  return takesUrl
    ? { ...target, url: urlOf(`http://${formatHostPort(parts.host, port)}${path || "/"}`, text) }
    : target;
}

function urlOf(url: string, given: string): URL {
  if (!URL.canParse(url)) throw new UsageError(`--target ${given}: not a URL`);
  return new URL(url);
}

function parseUrl(text: string, protocol: Protocol): Target {
  if (!REGISTRY[protocol].url) throw new UsageError(`--target ${text}: ${protocol} takes host:port, not a URL`);
  const url = urlOf(text, text);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new UsageError(`--target ${text}: only http:// and https:// URLs`);
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { hostname: url.hostname.replace(/^\[|\]$/g, ""), port, url };
}

/** Whether an address belongs to this machine. */
function isOwnAddress(address: string): boolean {
  if (isLoopback(address)) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some((entry) => entry.address === address) ?? false);
}

/** Refuses an address that is not of the family asked for. */
export function checkFamily({ hostname }: Target, family: 0 | 4 | 6): void {
  const literal = isIP(hostname);
  if (family === 0 || literal === 0 || literal === family) return;
  throw new UsageError(`-${family} and the IPv${literal} address ${hostname} exclude each other`);
}

/** Looks the target's name up once; `family` 4 or 6 chooses, 0 takes IPv4 where there is one. */
export async function resolveTarget(target: Target, family: 0 | 4 | 6): Promise<Endpoint> {
  if (isIP(target.hostname) !== 0) {
    return { ...target, address: target.hostname, sameHost: isOwnAddress(target.hostname) };
  }
  // RFC 6761 section 6.3: this name is the loopback address, whatever the resolver has been told.
  if (target.hostname === "localhost")
    return { ...target, address: family === 6 ? "::1" : "127.0.0.1", sameHost: true };
  const found = await Bun.dns.lookup(target.hostname, { family: family === 0 ? "any" : family }).catch(() => []);
  const chosen = found.find((entry) => entry.family === 4) ?? found[0];
  if (chosen === undefined) {
    const kind = family === 0 ? "" : ` to an IPv${family} address`;
    throw new TargetError(`${target.hostname} does not resolve${kind}`, "ENOTFOUND");
  }
  return { ...target, address: chosen.address, sameHost: isOwnAddress(chosen.address) };
}
