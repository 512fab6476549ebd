/** Addresses and ports as text: parsing, printing, and the loopback address. */
import { isIP, isIPv6 } from "node:net";

/** A host and, where the text has one, the text after the last colon. */
export interface HostPortText {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: string | undefined;
}

/** Removes the prefix `::ffff:` of IPv4-mapped addresses, which a socket bound to `::` reports for IPv4 peers. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

/** The 16-bit groups of an IPv6 address without a zone, as text, with those that `::` stands for. */
function groupsOf(address: string): readonly string[] {
  const [head = [], tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  if (tail === undefined) return head;
  return [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0"), ...tail];
}

/** An address in one form for all its spellings: IPv4 as it is, IPv6 with eight groups and without its zone. */
export function uniformAddress(address: string): string {
  const plain = plainAddress(address.split("%", 1)[0] ?? "");
  if (!plain.includes(":")) return plain;
  return groupsOf(plain)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

/** The network of a source address, for limits that one network shares: /24 of IPv4, /48 of IPv6. */
export function sourcePrefix(address: string): string {
  const plain = plainAddress(address);
  return plain.includes(":") ? groupsOf(plain).slice(0, 3).join(":") : plain.slice(0, plain.lastIndexOf("."));
}

/** `host:port`, with brackets around an IPv6 address; the host alone without a port. */
export function formatHostPort(host: string, port?: number): string {
  if (port === undefined) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The peer of a socket as `127.0.0.1:7000` or `[::1]:7000`. */
export function formatPeer(address: string, port: number): string {
  return formatHostPort(plainAddress(address), port);
}

/** Splits `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address; undefined for any other form. */
export function splitHostPort(text: string): HostPortText | undefined {
  if (isIPv6(text)) return { host: text, port: undefined };
  const match = /^(?:\[([^\]]+)\]|([^:[\]/]+))(?::([^:/]*))?$/.exec(text);
  const [, address, name, port] = match ?? [];
  if (address !== undefined) return isIPv6(address) ? { host: address, port } : undefined;
  return name === undefined ? undefined : { host: name, port };
}

/** A port from 1 to 65535, or undefined. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** An allowed host; without a port, every port of the host is allowed. */
export interface AllowedHost {
  readonly host: string;
  readonly port: number | undefined;
}

/** Parses a comma-separated list of `host`, `host:port` or `[v6]:port`; undefined if an entry is none of these. */
export function parseAllowedHosts(text: string): readonly AllowedHost[] | undefined {
  const hosts = text.split(",").map((part) => parseAllowedHost(part.trim()));
  return hosts.every((host) => host !== undefined) ? hosts : undefined;
}

function parseAllowedHost(text: string): AllowedHost | undefined {
  const parts = splitHostPort(text);
  if (!parts || !(isIPv6(parts.host) ? text.startsWith("[") : /^[\w.-]+$/.test(parts.host))) return undefined;
  const host = parts.host.toLowerCase();
  if (parts.port === undefined) return { host, port: undefined };
  const port = parsePort(parts.port);
  return port === undefined ? undefined : { host, port };
}

/** Whether an address is a loopback address (127.0.0.0/8 or ::1). */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/**
 * The address from which a relay connects to an upstream on its own host for a client that is on another host, or may be: the upstream
 * gives that client no rights of this machine.
 */
export const RELAY_ADDRESS = "127.0.0.118";

/** The address from which clients on this host connect to it, and a relay for them. */
const OWN_ADDRESS = "127.0.0.1";

/**
 * The address from which a relay connects for a client to an upstream; undefined if the system may choose it, or has to (`::1`). The
 * upstream sees a client on this host as one: many services accept, without a password, 127.0.0.1 only.
 */
export function relaySourceFor(upstreamAddress: string, clientAddress: string): string | undefined {
  if (!isLoopback(upstreamAddress) || isIP(plainAddress(upstreamAddress)) !== 4) return undefined;
  return isLocalClient(clientAddress) ? OWN_ADDRESS : RELAY_ADDRESS;
}

/**
 * Whether an upstream would take the client of a relay for one on its own host though it is not, or may not be: from ::1 a relay has
 * no address of its own, and a client with the address of relays can be on another host.
 */
export function hidesClient(clientAddress: string, upstreamAddress: string): boolean {
  return upstreamAddress === "::1" && plainAddress(clientAddress) === RELAY_ADDRESS;
}

/** Whether a client is on this machine, and not behind a relay. */
export function isLocalClient(address: string): boolean {
  return isLoopback(address) && plainAddress(address) !== RELAY_ADDRESS;
}

/** The address at which a process that listens on `host` reaches itself. */
export function loopbackOf(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

/**
 * The address at which packets to `address` arrive: a connection to no address is one to this host, and an IPv4-mapped address is
 * the IPv4 address. In one spelling, so that no spelling of a loopback address is taken for that of another host.
 */
export function reachedAddress(address: string): string {
  if (!isIPv6(address)) return loopbackOf(address);
  const [plain = "", zone] = address.split("%", 2);
  const short = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short) ?? [];
  if (high !== undefined && low !== undefined) {
    const octets = [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
    return loopbackOf(octets.join("."));
  }
  const reached = loopbackOf(short);
  return zone === undefined || isLoopback(reached) ? reached : `${reached}%${zone}`;
}
