/** Where a run sends to: parsed from text, resolved once, and said back to the person who asked. */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { TargetError, UsageError } from "./errors.ts";

/** The protocols that a run can speak. */
export type Protocol = "udp" | "tcp" | "http";

/** The lab's ports (the contract, section 1). */
export const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = { http: 5000, tcp: 6000, udp: 7000 };

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

/** `host:port` with the brackets that an IPv6 address needs. */
export function hostPort(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function parsePort(text: string, whole: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535)
    throw new UsageError(`--target ${whole}: the port is a number from 1 to 65535`);
  return port;
}

/** Parses `host`, `host:port`, `[v6]:port`, a bare IPv6 address or, for HTTP, a URL. */
export function parseTarget(text: string, protocol: Protocol): Target {
  if (text === "" || /\s/.test(text))
    throw new UsageError(`--target "${text}": expected a host, host:port${protocol === "http" ? " or URL" : ""}`);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseUrl(text, protocol);
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(text);
  const parts = bracketed ?? (isIP(text) === 6 ? [text, text] : /^([^:/]+)(?::([^/]*))?(\/.*)?$/.exec(text));
  if (parts?.[1] === undefined)
    throw new UsageError(`--target ${text}: expected host:port, or [address]:port for IPv6`);
  const hostname = parts[1];
  const port = parts[2] === undefined ? DEFAULT_PORTS[protocol] : parsePort(parts[2], text);
  if (protocol !== "http") {
    if (parts[3] !== undefined) throw new UsageError(`--target ${text}: a path means nothing to ${protocol}`);
    return { hostname, port };
  }
  return { hostname, port, url: new URL(`http://${hostPort(hostname, port)}${parts[3] ?? "/"}`) };
}

function parseUrl(text: string, protocol: Protocol): Target {
  if (protocol !== "http") throw new UsageError(`--target ${text}: ${protocol} takes host:port, not a URL`);
  if (!URL.canParse(text)) throw new UsageError(`--target ${text}: not a URL`);
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new UsageError(`--target ${text}: only http:// and https:// URLs`);
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { hostname: url.hostname.replace(/^\[|\]$/g, ""), port, url };
}

/** Whether an address belongs to this machine. */
function isOwnAddress(address: string): boolean {
  if (address === "::1" || address.startsWith("127.")) return true;
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
