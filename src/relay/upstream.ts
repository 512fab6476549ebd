/** The service behind a relay: one of the addresses of a name, unchanged while the name resolves to it. */
import { lookup, resolve4, resolve6 } from "node:dns/promises";
import { isIP, isIPv4 } from "node:net";
import { reachedAddress } from "../base/address.ts";
import { within } from "../base/clock.ts";

/** Where a relay forwards to. Disposing of it ends the look-ups. */
export interface Upstream {
  readonly port: number;
  /** The current address; undefined while the name has none that is allowed. */
  readonly address: string | undefined;
  /** All addresses of the name that are allowed, the current one first. */
  readonly addresses: readonly string[];
  [Symbol.dispose](): void;
}

/** Time for the second of the two queries of a look-up after the first has addresses, ms. */
const SECOND_QUERY_MS = 500;

/** The queries of a look-up: for IPv4 and for IPv6 addresses. */
export type Queries = Readonly<Record<"resolve4" | "resolve6", (name: string) => Promise<readonly string[]>>>;

/**
 * The addresses of a name. It sends DNS queries each time, because a cached answer would forward packets to a host that no longer
 * exists; where DNS has no answer, the names of this machine count (/etc/hosts). Some name servers never answer the query for IPv6
 * addresses (RFC 4074 section 4.1), which would fail after many seconds: the look-up does not wait for that.
 */
export async function lookUp(name: string, queries: Queries = { resolve4, resolve6 }): Promise<readonly string[]> {
  if (isIP(name) !== 0) return [name];
  const found: string[] = [];
  const answers = [queries.resolve4(name), queries.resolve6(name)].map(async (answer) => {
    const addresses = await answer;
    if (addresses.length === 0) throw new Error(`no addresses of ${name}`);
    found.push(...addresses);
  });
  const all = Promise.allSettled(answers);
  await Promise.any(answers).catch(() => {});
  await within(all, SECOND_QUERY_MS);
  if (found.length > 0) return [...found];
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Orders IPv4 addresses by number and before IPv6 addresses, which are in the order of their text. */
function compare(a: string, b: string): number {
  if (!isIPv4(a) || !isIPv4(b)) return Number(isIPv4(b)) - Number(isIPv4(a)) || (a < b ? -1 : 1);
  const number = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return number(a) - number(b);
}

/**
 * The addresses found, first that to forward to: the current one if it is among them, else the lowest, so that every relay
 * selects the same host.
 */
export function inOrder(current: string | undefined, found: readonly string[]): readonly string[] {
  const sorted = [...new Set(found)].sort(compare);
  if (current === undefined || !sorted.includes(current)) return sorted;
  return [current, ...sorted.filter((address) => address !== current)];
}

/**
 * Resolves `name` (an address, or a name with addresses) now and every `everyMs`. After a failed look-up the upstream has no
 * address: UDP relays then drop datagrams, and TCP relays reset new connections.
 */
export async function followUpstream(
  name: string,
  port: number,
  everyMs: number,
  resolve = lookUp,
  isAllowed: (address: string) => boolean = () => true,
): Promise<Upstream> {
  let addresses: readonly string[] = [];
  let begun = 0;
  let latest = 0; // of the look-ups that have ended
  const update = async () => {
    const own = ++begun;
    const found = await resolve(name).catch(() => []);
    if (own < latest) return; // a lost query ends after later look-ups: what it says is older than what they found
    latest = own;
    addresses = inOrder(addresses[0], found.map(reachedAddress).filter(isAllowed));
  };
  await within(update(), everyMs); // a name server that does not answer delays nothing else
  const timer = isIP(name) === 0 ? setInterval(update, everyMs) : undefined;
  timer?.unref();
  return {
    port,
    get address() {
      return addresses[0];
    },
    get addresses() {
      return addresses;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
