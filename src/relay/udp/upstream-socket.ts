/** A UDP socket that is connected to an upstream: it receives from nobody else. */
import { isIPv4 } from "node:net";
import { plainAddress, relaySourceFor } from "../../base/address.ts";
import { descriptorOf, receiveBufferDrops, setReceiveBuffer } from "../../base/kernel.ts";
import { SocketHold } from "../../base/socket-hold.ts";
import { errorCode } from "../../load/measure/error-code.ts";
import type { Reading } from "../../servers/bounds/read-turns.ts";
import { forgetPassed, type Noted, notePassed, type Passed } from "../lineage.ts";
import type { UpstreamError } from "../relay-port.ts";

type ConnectedSocket = Bun.udp.ConnectedSocket<"buffer">;

/** What happens on the socket. */
export interface UpstreamEvents {
  /** A datagram of the upstream. */
  data(datagram: Buffer): void;
  /** An error that the system reports for an earlier datagram. */
  error(error: unknown): void;
}

/** The errors of a datagram by the system's code. Those of other codes are not of the upstream. */
const ERRORS: Readonly<Record<string, UpstreamError>> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ENOPROTOOPT: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  EAFNOSUPPORT: "unreachable",
  EINVAL: "unreachable",
  EACCES: "unreachable",
  EPERM: "unreachable",
  ETIMEDOUT: "timeout",
  EMFILE: "limit",
  ENFILE: "limit",
  ENOBUFS: "limit",
  EAGAIN: "limit",
};

/** The kind of an error of the system; undefined for one that is not of the upstream. */
export function upstreamErrorOf(error: unknown): UpstreamError | undefined {
  return ERRORS[errorCode(error)];
}

/**
 * An open socket. While the runtime waits until it can be written, it is not held: the runtime then changes what it waits for under
 * the socket's descriptor, and without the socket there the kernel would report without end that it can be written.
 */
export class UpstreamSocket implements Reading {
  #hold: SocketHold | undefined;
  #isWritable = false;
  readonly #writable = Promise.withResolvers<void>();

  private constructor(
    private readonly socket: ConnectedSocket,
    private readonly note: Noted,
  ) {}

  /**
   * Opens a socket and notes what its traffic has passed. Nothing should be sent before `writable`: what is received then could
   * not be held. Rejects with the system's error: no descriptor is left, or there
   * is no route to the address.
   */
  static async open(
    upstream: string,
    port: number,
    clientAddress: string,
    passed: Passed,
    receiveBuffer: number,
    events: UpstreamEvents,
  ): Promise<UpstreamSocket> {
    const address = plainAddress(upstream);
    // IPv6 has one loopback address only. Without a name, the runtime opens a socket of IPv4.
    const hostname = isIPv4(address) ? relaySourceFor(address, clientAddress) : "::";
    let remoteAddress: string | undefined; // read once: each reading of the socket's field makes an object
    let opened: UpstreamSocket | undefined;
    let isWritable = false;
    const socket = await Bun.udpSocket({
      ...(hostname && { hostname }),
      connect: { hostname: address, port },
      socket: {
        // Datagrams of others can arrive before the socket is connected.
        data: (own: ConnectedSocket, datagram: Buffer, fromPort: number, fromAddress: string) => {
          remoteAddress ??= own.remoteAddress.address;
          if (fromPort === port && fromAddress === remoteAddress) events.data(datagram);
        },
        drain() {
          isWritable = true;
          opened?.drained();
        },
        // Without a handler, one ICMP error would end the process. The runtime passes the error alone.
        error: (...given: unknown[]) => events.error(given.findLast((each) => each instanceof Error)),
      },
    });
    setReceiveBuffer(socket, receiveBuffer);
    const localAddress = socket.address.address;
    const note = notePassed({ transport: "udp", localPort: socket.port, localAddress }, passed);
    opened = new UpstreamSocket(socket, note);
    if (isWritable) opened.drained();
    return opened;
  }

  /** Resolves when the runtime has noticed that the socket can be written, in the next turn of the event loop, or is closed. */
  get writable(): Promise<void> {
    return this.#writable.promise;
  }

  /** Called when the runtime has noticed that the socket can be written. */
  drained(): void {
    this.#isWritable = true;
    this.#writable.resolve();
  }

  /** Passes a datagram to the kernel; false if its buffer is full. Throws the error of this datagram or of an earlier one. */
  send(datagram: Buffer): boolean {
    const isSent = this.#hold ? this.#sendHeld(this.#hold, datagram) : this.socket.send(datagram);
    if (!isSent) {
      this.#isWritable = false;
      this.release();
    }
    return isSent;
  }

  #sendHeld(hold: SocketHold, datagram: Buffer): boolean {
    return hold.around(() => this.socket.send(datagram));
  }

  /** Undefined where the runtime has none. */
  get descriptor(): number | undefined {
    return descriptorOf(this.socket);
  }

  /** Datagrams that the kernel dropped because the receive buffer was full; undefined if it does not report them. */
  receiveBufferDrops(): number | undefined {
    const read = () => receiveBufferDrops([this.socket]);
    return this.#hold ? this.#hold.around(read) : read();
  }

  get held(): boolean {
    return this.#hold !== undefined;
  }

  /** Interrupts reading. It takes two more descriptors until `release`; without them the socket is read on. */
  hold(): void {
    if (!this.#isWritable) return;
    this.#hold ??= SocketHold.of(this.socket);
    this.#hold?.hold();
  }

  release(): void {
    this.#hold?.close();
    this.#hold = undefined;
  }

  close(): void {
    this.release();
    forgetPassed(this.note);
    this.socket.close();
    this.#writable.resolve();
  }
}
