/**
 * Finds relays that forward to themselves, directly or through others of this process: each socket to an upstream is noted with
 * the relays that its traffic has passed. Relays of other processes are not known here; their loops are bounded by the number
 * of flows or connections.
 */
import { uniformAddress } from "../base/address.ts";
import type { Transport } from "../faults/link-faults.ts";
import type { HostPort } from "./route/route.ts";

/** The relays that the traffic of a connection or a flow has passed, by identity, the last one last. */
export type Passed = readonly object[];

const NONE: Passed = [];

/** A socket towards an upstream. */
export interface UpstreamEnds {
  readonly transport: Transport;
  readonly localPort: number;
  /** Undefined matches every address. */
  readonly localAddress?: string | undefined;
  /** To what it is connected. Undefined matches everything: no other UDP socket has the same local address and port. */
  readonly remote?: HostPort | undefined;
}

/** A socket that is noted until it is forgotten. */
export interface Noted extends UpstreamEnds {
  readonly passed: Passed;
}

/** By local port: a look-up for each datagram allocates nothing. Addresses are in one form for all spellings. */
const noted: Readonly<Record<Transport, Map<number, readonly Noted[]>>> = { tcp: new Map(), udp: new Map() };

const formOf = (address: string | undefined) => (address === undefined ? undefined : uniformAddress(address));

/** What traffic from a peer has passed in this process: nothing, if its port and address are not those of a relay's socket. */
export function passedOf(transport: Transport, peerPort: number, peerAddress?: string): Passed {
  return find(transport, peerPort, peerAddress, () => true);
}

/**
 * What the traffic of an accepted TCP connection has passed. Linux gives one local address and port to several connections, if
 * their remote ones differ: only that to one of the places `reached` is the other end of the accepted connection.
 */
export function passedOfConnection(peer: HostPort, reached: () => readonly HostPort[]): Passed {
  const isSame = (remote: HostPort) => (place: HostPort) =>
    place.port === remote.port && uniformAddress(place.host) === uniformAddress(remote.host);
  return find("tcp", peer.port, peer.host, ({ remote }) => remote === undefined || reached().some(isSame(remote)));
}

function find(
  transport: Transport,
  port: number,
  address: string | undefined,
  isIt: (socket: Noted) => boolean,
): Passed {
  const sockets = noted[transport].get(port);
  if (sockets === undefined) return NONE;
  const form = formOf(address);
  const isPeer = (socket: Noted) => {
    const { localAddress } = socket;
    return (localAddress === undefined || form === undefined || localAddress === form) && isIt(socket);
  };
  return sockets.find(isPeer)?.passed ?? NONE;
}

/** Notes that the traffic of a socket has passed `passed`, until the result is forgotten. */
export function notePassed(socket: UpstreamEnds, passed: Passed): Noted {
  const note = { ...socket, localAddress: formOf(socket.localAddress), passed };
  const others = noted[socket.transport].get(socket.localPort) ?? [];
  noted[socket.transport].set(socket.localPort, [...others, note]);
  return note;
}

/** Forgets a socket that is closed. */
export function forgetPassed(note: Noted): void {
  const sockets = noted[note.transport];
  const others = (sockets.get(note.localPort) ?? []).filter((other) => other !== note);
  if (others.length > 0) sockets.set(note.localPort, others);
  else sockets.delete(note.localPort);
}
