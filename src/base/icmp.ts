/**
 * ICMP errors for the process's own UDP ports: Destination Unreachable of RFC 792 and RFC 4443 section 3.1. The kernel sends them for
 * ports that are closed; a program that forwards datagrams has to send those of its upstream itself, with a raw socket.
 */
import { ptr } from "bun:ffi";
import { isIPv4 } from "node:net";
import { setDropping } from "./kernel.ts";
import { addressIn, octetsOf, socketAddress } from "./socket-address.ts";
import { ADDRESS_LENGTH, AF_INET, AF_INET6, SOCKET_CALLS } from "./socket-calls.ts";

/** What cannot be reached. */
export type Unreachable = "port" | "host" | "network";

/** An address without a zone, and a UDP port. */
export interface UdpEndpoint {
  readonly address: string;
  readonly port: number;
}

interface Version {
  /** Linux's number of the family of addresses. */
  readonly family: number;
  /** The protocol number of ICMP. */
  readonly protocol: number;
  readonly type: number;
  readonly codes: Readonly<Record<Unreachable, number>>;
}

const IPV4: Version = { family: AF_INET, protocol: 1, type: 3, codes: { network: 0, host: 1, port: 3 } };
const IPV6: Version = { family: AF_INET6, protocol: 58, type: 1, codes: { network: 0, host: 3, port: 4 } };

const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_NONBLOCK_CLOEXEC = 0o2004000;
const MSG_DONTWAIT = 0x40;
const UDP = 17;
const HOP_LIMIT = 64;
const HEADER = 8;
/** The datagram to which an error belongs is quoted with the header of UDP alone: without octets it has this length. */
const UDP_HEADER = 8;

/** The checksum of RFC 1071. */
function checksum(bytes: DataView): number {
  let sum = 0;
  for (let at = 0; at < bytes.byteLength; at += 2) sum += bytes.getUint16(at);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

/** The headers of an empty datagram. */
function quoted(from: UdpEndpoint, to: UdpEndpoint): Uint8Array {
  const isFour = isIPv4(from.address);
  const length = isFour ? 20 : 40;
  const bytes = new Uint8Array(length + UDP_HEADER);
  const view = new DataView(bytes.buffer);
  if (isFour) {
    view.setUint8(0, 0x45); // version 4, a header of five words
    view.setUint16(2, length + UDP_HEADER);
    view.setUint8(8, HOP_LIMIT);
    view.setUint8(9, UDP);
  } else {
    view.setUint8(0, 0x60); // version 6
    view.setUint16(4, UDP_HEADER);
    view.setUint8(6, UDP);
    view.setUint8(7, HOP_LIMIT);
  }
  bytes.set(octetsOf(from.address), isFour ? 12 : 8);
  bytes.set(octetsOf(to.address), isFour ? 16 : 24);
  if (isFour) view.setUint16(10, checksum(new DataView(bytes.buffer, 0, length)));
  view.setUint16(length, from.port);
  view.setUint16(length + 2, to.port);
  view.setUint16(length + 4, UDP_HEADER);
  return bytes;
}

/** The message that `to` cannot be reached, for the sender `from` of a datagram. */
export function unreachableMessage(what: Unreachable, from: UdpEndpoint, to: UdpEndpoint): Uint8Array {
  const { type, codes, family } = isIPv4(from.address) ? IPV4 : IPV6;
  const quote = quoted(from, to);
  const bytes = new Uint8Array(HEADER + quote.length);
  bytes.set([type, codes[what]]);
  bytes.set(quote, HEADER);
  const view = new DataView(bytes.buffer);
  if (family === IPV4.family) view.setUint16(2, checksum(view)); // for IPv6 the kernel adds it
  return bytes;
}

/** The local address from which the system sends to a peer; undefined if there is no route to it. */
export function localAddressTowards(peer: string): string | undefined {
  const { family } = isIPv4(peer) ? IPV4 : IPV6;
  const descriptor = SOCKET_CALLS?.socket(family, SOCK_DGRAM | SOCK_NONBLOCK_CLOEXEC, 0) ?? -1;
  if (descriptor < 0) return undefined;
  try {
    const address = socketAddress(peer, 1); // any port: nothing is sent
    const length = Uint32Array.of(ADDRESS_LENGTH);
    if (SOCKET_CALLS?.connect(descriptor, ptr(address), ADDRESS_LENGTH) !== 0) return undefined;
    if (SOCKET_CALLS.getsockname(descriptor, ptr(address), ptr(length)) !== 0) return undefined;
    return addressIn(new DataView(address.buffer));
  } finally {
    SOCKET_CALLS?.close(descriptor);
  }
}

/** A raw socket for the ICMP errors of one IP version. */
export class IcmpSocket implements Disposable {
  private constructor(private readonly fd: number) {}

  /** Opens the socket for the errors to `peer`; undefined if the process may not (Linux: without CAP_NET_RAW). */
  static open(peer: string): IcmpSocket | undefined {
    const { family, protocol } = isIPv4(peer) ? IPV4 : IPV6;
    const fd = SOCKET_CALLS?.socket(family, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, protocol) ?? -1;
    if (fd < 0) return undefined;
    setDropping({ fd }, true); // the kernel gives it a copy of every ICMP message that arrives
    return new IcmpSocket(fd);
  }

  /** Tells the sender `from` of a datagram that `to` cannot be reached; returns whether the kernel accepted the message. */
  send(what: Unreachable, from: UdpEndpoint, to: UdpEndpoint): boolean {
    const message = unreachableMessage(what, from, to);
    const address = socketAddress(from.address, 0);
    const length = isIPv4(from.address) ? 16 : ADDRESS_LENGTH;
    const sent = SOCKET_CALLS?.sendto(this.fd, ptr(message), message.length, MSG_DONTWAIT, ptr(address), length);
    return Number(sent) === message.length;
  }

  [Symbol.dispose](): void {
    SOCKET_CALLS?.close(this.fd);
  }
}
