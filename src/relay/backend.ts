/** Which lab the door leads to: one of the addresses behind a name, kept for as long as the name has it. */
import { resolve4 } from "node:dns/promises";
import { isIPv4 } from "node:net";

/** Where the door leads. */
export interface Backend {
  /** The lab's address now; undefined while there is none. */
  readonly address: string | undefined;
  [Symbol.dispose](): void;
}

/** Asks the name server every time: a cache would send packets to a lab that is gone. */
async function lookUp(name: string): Promise<readonly string[]> {
  return isIPv4(name) ? [name] : await resolve4(name);
}

/** The address to use next: the one in use while it is still there, else the least, so that all doors agree. */
export function choose(current: string | undefined, found: readonly string[]): string | undefined {
  if (current !== undefined && found.includes(current)) return current;
  const number = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return found.toSorted((a, b) => number(a) - number(b))[0];
}

/**
 * Follows `name` (an IPv4 address, or a name with addresses of version 4), looking it up every `everyMs`. A look-up
 * that fails leaves no address: packets are then dropped and connections refused, as without the door.
 */
export async function followBackend(name: string, everyMs: number, resolve = lookUp): Promise<Backend> {
  let address: string | undefined;
  const look = async () => {
    address = choose(address, await resolve(name).catch(() => []));
  };
  await look();
  const timer = setInterval(look, everyMs);
  return {
    get address() {
      return address;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
