/** The kernel's form of addresses: `struct sockaddr_in` and `sockaddr_in6`. Linux only. */
import { ptr } from "bun:ffi";
import { isIPv4 } from "node:net";
import { uniformAddress } from "./address.ts";
import { descriptorOf } from "./kernel.ts";
import { ADDRESS_LENGTH, AF_INET, AF_INET6, SOCKET_CALLS } from "./socket-calls.ts";

/** The levels of options of the two families, and the option of both with which the kernel's address translation answers. */
const LEVELS = [0, 41];
const SO_ORIGINAL_DST = 80;

/** The octets of an address. */
export function octetsOf(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  return Uint8Array.from(
    uniformAddress(address)
      .split(":")
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}

/** An address without a zone, and a port, in the kernel's form. */
export function socketAddress(address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_LENGTH);
  const view = new DataView(bytes.buffer);
  const isFour = isIPv4(address);
  view.setUint16(0, isFour ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(octetsOf(address), isFour ? 4 : 8);
  return bytes;
}

/** The text of the address in the kernel's form; of an IPv4-mapped one the text of IPv4. */
export function addressIn(bytes: DataView): string {
  const four = (start: number) => [0, 1, 2, 3].map((at) => bytes.getUint8(start + at)).join(".");
  if (bytes.getUint16(0, true) === AF_INET) return four(4);
  const groups = Array.from({ length: 8 }, (_, group) => bytes.getUint16(8 + 2 * group).toString(16)).join(":");
  return groups.startsWith("0:0:0:0:0:ffff:") ? four(20) : groups;
}

/**
 * To what the peer of an accepted connection has connected, if the kernel has translated that address into the local one of the
 * socket (a redirection or a published port). Undefined where the system does not report it.
 */
export function originalDestination(socket: object): { readonly host: string; readonly port: number } | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined) return undefined;
  const bytes = new Uint8Array(ADDRESS_LENGTH);
  const view = new DataView(bytes.buffer);
  const length = new Uint32Array(1);
  for (const level of LEVELS) {
    length[0] = ADDRESS_LENGTH;
    if (SOCKET_CALLS?.getsockopt(fd, level, SO_ORIGINAL_DST, ptr(bytes), ptr(length)) === 0)
      return { host: addressIn(view), port: view.getUint16(2) };
  }
  return undefined;
}
