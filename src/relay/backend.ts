/** Selects the lab that a relay forwards to: one of the addresses of a name, unchanged while the name resolves to it. */
import { resolve4 } from "node:dns/promises";
import { isIPv4 } from "node:net";

/** The target of a relay. Disposing of it ends the look-ups. */
export interface Backend {
  /** The current IPv4 address; undefined while the name has none. */
  readonly address: string | undefined;
  [Symbol.dispose](): void;
}

/** Sends a DNS query each time: a cached answer would forward packets to a lab that no longer exists. */
async function lookUp(name: string): Promise<readonly string[]> {
  return isIPv4(name) ? [name] : await resolve4(name);
}

/**
 * The address to forward to: the current one if it is among those found, else the lowest of them, so that every relay
 * selects the same lab.
 */
export function choose(current: string | undefined, found: readonly string[]): string | undefined {
  if (current !== undefined && found.includes(current)) return current;
  const number = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return found.toSorted((a, b) => number(a) - number(b))[0];
}

/**
 * Resolves `name` (an IPv4 address, or a name with IPv4 addresses) now and every `everyMs`. After a failed look-up the
 * backend has no address: UDP relays then drop datagrams, and TCP relays close new connections.
 */
export async function followBackend(name: string, everyMs: number, resolve = lookUp): Promise<Backend> {
  let address: string | undefined;
  const update = async () => {
    address = choose(address, await resolve(name).catch(() => []));
  };
  await update();
  const timer = setInterval(update, everyMs);
  return {
    get address() {
      return address;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
