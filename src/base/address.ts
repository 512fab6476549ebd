/** Addresses as people read them. */
import { isIPv6 } from "node:net";

/** An IPv4 peer of a socket bound to `::` without its `::ffff:`; every other address as it is. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

/** `127.0.0.1:7000`, or `[::1]:7000`. */
export function formatPeer(address: string, port: number): string {
  const plain = plainAddress(address);
  return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`;
}
