/** The sockets of a UDP port: one, or one for each IP version where both are served. */
import { receiveBufferDrops, setDropping, setReceiveBuffer } from "../../base/kernel.ts";
import { SocketHold } from "../../base/socket-hold.ts";
import { type Reading, ReadTurns } from "../bounds/read-turns.ts";

/**
 * One UDP socket, whose reading is interrupted when it would occupy the event loop: not while the runtime waits until it can be
 * written, because it then changes what it waits for under the descriptor, and without the socket there the kernel would report
 * without end that it can be written. It waits for that after opening a socket, too, and after a datagram that did not fit into the
 * send buffer. Until then, the kernel drops what arrives in place of the interruption.
 */
export class UdpSocket implements Reading {
  #hold: SocketHold | undefined;
  #isWritable = false;
  /** Whether the kernel drops what arrives. */
  #isDropping = false;
  readonly #writable = Promise.withResolvers<void>();
  #turns: ReadTurns | undefined;

  constructor(private readonly socket: Bun.udp.Socket<"buffer">) {}

  /** Sets the receive buffer and limits the time of reading; `now` is the clock of the datagrams' times. */
  prepare(receiveBuffer: number, now: () => number): void {
    setReceiveBuffer(this.socket, receiveBuffer);
    this.#hold = SocketHold.of(this.socket);
    if (this.#hold) this.#turns = new ReadTurns(this, now);
    // A flood would be read without an end until the socket can be written, which is in the next turn.
    if (!this.#isWritable) this.#setDropping(true);
  }

  #setDropping(isDropping: boolean): void {
    if (this.#isDropping !== isDropping) setDropping(this.socket, isDropping);
    this.#isDropping = isDropping;
  }

  /** Called when the runtime has noticed that the socket can be written. */
  drained(): void {
    this.#isWritable = true;
    this.#setDropping(false);
    this.#writable.resolve();
  }

  /** Resolves when datagrams are received: in the turn after `prepare`. */
  get ready(): Promise<void> {
    return this.#writable.promise;
  }

  get held(): boolean {
    return this.#isDropping || (this.#hold?.held ?? false);
  }

  hold(): void {
    if (this.#isWritable) this.#hold?.hold();
    else this.#setDropping(true);
  }

  release(): void {
    this.#hold?.release();
    this.#setDropping(false);
  }

  /** Called for each datagram, with the time of its receipt. */
  received(now: number): void {
    this.#turns?.note(now);
  }

  get port(): number {
    return this.socket.port;
  }

  get address(): string {
    return this.socket.address.address;
  }

  /** Passes a datagram to the kernel; false if its buffer is full. Throws the error of an earlier one. */
  send(data: Buffer, port: number, address: string): boolean {
    const isSent = this.#hold?.held
      ? this.#sendHeld(this.#hold, data, port, address)
      : this.socket.send(data, port, address);
    if (!isSent) this.#waitForDrain();
    return isSent;
  }

  /** The runtime waits until the socket can be written: what is held is dropped instead. */
  #waitForDrain(): void {
    this.#isWritable = false;
    if (!this.#hold?.held) return;
    this.#hold.release();
    this.hold();
  }

  /** A function of its own, so that `send` makes no closure. */
  #sendHeld(hold: SocketHold, data: Buffer, port: number, address: string): boolean {
    return hold.around(() => this.socket.send(data, port, address));
  }

  /** Datagrams that the kernel dropped because the receive buffer was full; undefined if it does not report them. */
  receiveBufferDrops(): number | undefined {
    if (this.socket.closed) return 0;
    this.#hold?.release();
    return receiveBufferDrops([this.socket]);
  }

  close(): void {
    this.#hold?.close();
    this.#hold = undefined;
    this.#turns = undefined;
    this.#isDropping = false;
    this.socket.close();
  }
}

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

async function openOne(hostname: string, port: number, handlers: UdpHandlers, flags: number): Promise<UdpSocket> {
  let opened: UdpSocket | undefined;
  const options: Bun.udp.SocketOptions<"buffer"> & { readonly flags: number } = {
    hostname,
    port,
    flags,
    socket: {
      data(_, data, port, address) {
        const isForged = flags === IPV6_ONLY && address.startsWith("::ffff:");
        if (opened) handlers.data(opened, data, port, address, isForged);
      },
      drain: () => opened?.drained(),
      // The runtime passes the error alone, where bun-types declares the socket before it.
      error: (...given: unknown[]) => handlers.error(given.findLast((each) => each instanceof Error)),
    },
  };
  opened = new UdpSocket(await Bun.udpSocket(options));
  return opened;
}

/**
 * Opens the sockets. A socket for both versions reports an IPv4 source as `::ffff:127.0.0.1`, and the same for an IPv6
 * packet with that source, which another host can send; so each version has a socket of its own.
 */
async function openBoth(hostname: string, port: number, handlers: UdpHandlers): Promise<readonly UdpSocket[]> {
  if (!hostname.includes(":") || hostname.startsWith("::ffff:")) return [await openOne(hostname, port, handlers, 0)];
  for (let attempt = 1; ; attempt++) {
    const six = await openOne(hostname, port, handlers, IPV6_ONLY);
    if (six.address !== "::") return [six];
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
  static async open(
    hostname: string,
    port: number,
    receiveBuffer: number,
    handlers: UdpHandlers,
    now: () => number,
  ): Promise<UdpSockets> {
    const sockets = await openBoth(hostname, port, handlers);
    for (const socket of sockets) socket.prepare(receiveBuffer, now);
    await Promise.all(sockets.map((socket) => socket.ready));
    return new UdpSockets(sockets);
  }

  get port(): number {
    return this.sockets[0]?.port ?? 0;
  }

  /** Datagrams that the kernel dropped because a receive buffer was full; undefined if it does not report them. */
  receiveBufferDrops(): number | undefined {
    const drops = this.sockets.map((socket) => socket.receiveBufferDrops());
    return drops.reduce((sum, each) => (sum === undefined || each === undefined ? undefined : sum + each), 0);
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }
}
