/** The sockets of a UDP port: one, or one for each IP version where both are served. */
import { receiveBufferDrops, setReceiveBuffer } from "../base/kernel.ts";

/** A UDP socket of the runtime. */
export type UdpSocket = Bun.udp.Socket<"buffer">;

/** What a port does with datagrams and errors. */
export interface UdpHandlers {
  /** `isForged`: an IPv6 packet with the form of an IPv4 address as its source, to which no response may be sent. */
  data(socket: UdpSocket, data: Buffer, port: number, address: string, isForged: boolean): void;
  error(error: Error | undefined): void;
}

/** The runtime's flag for IPV6_V6ONLY, as node:dgram passes it (bun-types does not declare it). */
const IPV6_ONLY = 8;
/** How often another free port is tried if the one that is free for IPv6 is in use for IPv4. */
const ATTEMPTS = 10;

function openOne(hostname: string, port: number, handlers: UdpHandlers, flags: number): Promise<UdpSocket> {
  const options: Bun.udp.SocketOptions<"buffer"> & { readonly flags: number } = {
    hostname,
    port,
    flags,
    socket: {
      data(socket, data, port, address) {
        handlers.data(socket, data, port, address, flags === IPV6_ONLY && address.startsWith("::ffff:"));
      },
      // The runtime passes the error alone, where bun-types declares the socket before it.
      error: (...given: unknown[]) => handlers.error(given.findLast((each) => each instanceof Error)),
    },
  };
  return Bun.udpSocket(options);
}

/**
 * Opens the sockets. A socket for both versions reports an IPv4 source as `::ffff:127.0.0.1`, and the same for an IPv6
 * packet with that source, which another host can send; so each version has a socket of its own.
 */
async function openBoth(hostname: string, port: number, handlers: UdpHandlers): Promise<readonly UdpSocket[]> {
  if (!hostname.includes(":") || hostname.startsWith("::ffff:")) return [await openOne(hostname, port, handlers, 0)];
  for (let attempt = 1; ; attempt++) {
    const six = await openOne(hostname, port, handlers, IPV6_ONLY);
    if (six.address.address !== "::") return [six];
    try {
      return [six, await openOne("0.0.0.0", six.port, handlers, 0)];
    } catch (error) {
      six.close();
      if (port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The open sockets of one UDP port. */
export class UdpSockets {
  private constructor(private readonly sockets: readonly UdpSocket[]) {}

  /** Rejects with the system's error if the port is not available. */
  static async open(hostname: string, port: number, receiveBuffer: number, handlers: UdpHandlers): Promise<UdpSockets> {
    const sockets = await openBoth(hostname, port, handlers);
    for (const socket of sockets) setReceiveBuffer(socket, receiveBuffer);
    return new UdpSockets(sockets);
  }

  get port(): number {
    return this.sockets[0]?.port ?? 0;
  }

  /** Datagrams that the kernel dropped because a receive buffer was full; undefined if it does not report them. */
  receiveBufferDrops(): number | undefined {
    return this.sockets.some((socket) => socket.closed) ? 0 : receiveBufferDrops(this.sockets);
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }
}
