/** The DNS names and IP addresses of a certificate: those at which clients reach the lab. */
import { isIP, isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { plainAddress, uniformAddress } from "../base/address.ts";

/** The names of a machine. */
export interface Machine {
  readonly hostname: string;
  /** The IP addresses of its interfaces. */
  readonly addresses: readonly string[];
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
  return { hostname: hostname(), addresses };
}

/** Names of every lab: clients on its machine use them. */
const LOCAL = ["localhost", "127.0.0.1", "::1"] as const;
/** A DNS name as hosts have it: labels of letters, digits, hyphens and underscores (RFC 1123, section 2.1). */
const DNS_NAME = /^(?=.{1,253}$)(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

/** A name or address in the form of certificates: lower case, without a final dot or a zone; undefined if it is neither. */
export function certificateName(name: string): string | undefined {
  const plain = plainAddress(name.toLowerCase().split("%", 1)[0] ?? "");
  if (isIP(plain) !== 0) return isIPv4(plain) ? plain : canonicalIPv6(plain);
  const withoutDot = plain.replace(/\.$/, "");
  return DNS_NAME.test(withoutDot) ? withoutDot : undefined;
}

/** The shortest form of an IPv6 address (RFC 5952), as URLs have it. */
function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The octets of an IP address, 4 or 16; undefined for a DNS name. */
export function addressOctets(name: string): Uint8Array<ArrayBuffer> | undefined {
  if (isIPv4(name)) return Uint8Array.from(name.split("."), Number);
  if (isIP(name) === 0) return undefined;
  const groups = uniformAddress(canonicalIPv6(name)).split(":");
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  );
}

/**
 * The names of a lab that listens on `host`: the host, this machine's name, and the loopback names. For 0.0.0.0 and `::`
 * also the addresses of the interfaces, without link-local IPv6 ones, whose zone no certificate contains.
 */
export function namesOfHost(host: string, machine: Machine): readonly string[] {
  const isAny = host === "0.0.0.0" || host === "::";
  const addresses = machine.addresses.filter(
    (address) => isIPv4(address) || (host === "::" && !/^fe[89ab]/i.test(address)),
  );
  const all = [...LOCAL, ...(isAny ? addresses : [host]), machine.hostname];
  return [...new Set(all.map(certificateName))].filter((name) => name !== undefined);
}

/** Domains that no public DNS has: RFC 6761, RFC 6762, RFC 8375, and `internal`, which ICANN reserved. */
const PRIVATE_DOMAINS = ["localhost", "test", "local", "home.arpa", "internal"] as const;

/** The domains of an authority for these names: private ones and the DNS names themselves. */
export function domainsOf(names: readonly string[]): readonly string[] {
  return [...new Set([...PRIVATE_DOMAINS, ...names.filter((name) => isIP(name) === 0)])];
}

/** Whether a name is one of the `domains` or below one (RFC 5280, section 4.2.1.10); every IP address is. */
export function isWithin(name: string, domains: readonly string[]): boolean {
  return isIP(name) !== 0 || domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}
