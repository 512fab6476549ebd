/** The connections of a TCP relay to its upstream: opening them, and the callbacks of the sockets of both sides. */
import { relaySourceFor } from "../../base/address.ts";
import { errorCode } from "../../load/measure/error-code.ts";
import { forgetPassed, type Noted, notePassed, type Passed, passedOf, passedOfConnection } from "../lineage.ts";
import type { RelayParts, UpstreamError } from "../relay-port.ts";
import type { Side, SideConnection, Socket } from "./side.ts";
import { nextSourcePort, PORT_ERRORS } from "./source-port.ts";

/** Most local ports that are tried for one connection. */
const MOST_PORTS = 16;

/** Options of the runtime that bun-types does not declare. */
interface LocalAddress {
  readonly localAddress?: string;
  readonly localPort?: number;
}

const ERROR_KINDS: Readonly<Record<string, UpstreamError>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "refused", // accepted, and reset in the same moment
  ETIMEDOUT: "timeout",
  EMFILE: "limit",
};

/** The kinds of errors after which another address of the upstream is tried. */
const OTHERS_TRIED: ReadonlySet<UpstreamError> = new Set(["refused", "unreachable"]);

/** The kind of an error of a connection to the upstream. */
const kindOf = (error: unknown): UpstreamError => ERROR_KINDS[errorCode(error)] ?? "unreachable";

/** Runs a callback of a side. Nothing from the network ends the process: an error ends its connection. */
function guarded(side: Side | undefined, run: (side: Side) => void): void {
  if (side === undefined) return;
  try {
    run(side);
  } catch (error) {
    side.connection.failed(error);
  }
}

/** The callbacks of the sockets of both sides. That of octets makes no function for each chunk. */
export const SOCKET_HANDLERS = {
  data({ data: side }: Socket, chunk: Buffer) {
    try {
      side?.connection.data(side, chunk);
    } catch (error) {
      side?.connection.failed(error);
    }
  },
  drain({ data }: Socket) {
    guarded(data, (side) => side.connection.drained(side));
  },
  end({ data }: Socket) {
    guarded(data, (side) => side.connection.peerEnded(side));
  },
  close({ data }: Socket, error?: Error) {
    guarded(data, (side) => side.connection.sideClosed(side, error));
  },
  error() {}, // the connection is closed, which `close` reports
} satisfies Bun.SocketHandler<Side | undefined>;

/** Opens connections to the upstream. */
export class UpstreamConnections {
  /** Connections whose one to the upstream is about to open. */
  readonly #opening = new Set<SideConnection>();
  /** Those among them that are closed: nothing interrupts the attempt. */
  readonly #abandoned = new Set<SideConnection>();
  /** By the socket to the upstream. */
  readonly #noted = new Map<Socket, Noted>();
  readonly #handlers: Bun.SocketHandler<Side | undefined> = {
    ...SOCKET_HANDLERS,
    open: (socket) => guarded(socket.data, (side) => this.#opened(side, socket)),
    close: (socket, error) => {
      this.#forget(socket);
      SOCKET_HANDLERS.close(socket, error);
    },
    connectError() {}, // the promise rejects too
  };

  constructor(
    private readonly parts: RelayParts,
    /** The identity by which the relay finds its own traffic. */
    private readonly relay: object,
  ) {}

  /** Attempts that go on for connections that are closed. */
  get abandoned(): number {
    return this.#abandoned.size;
  }

  /** A connection is closed. */
  closed(connection: SideConnection): void {
    if (this.#opening.has(connection)) this.#abandoned.add(connection);
  }

  /** Opens the connection to the first of the addresses of the upstream that accepts it; without success the client is reset. */
  async open(connection: SideConnection & { readonly upstream: Side }, addresses: readonly string[]): Promise<void> {
    const { limits } = this.parts;
    if (connection.isClosed) return;
    if (this.#isLoop(connection)) {
      this.#fail(connection, "loop");
      return;
    }
    const timer = setTimeout(() => this.#fail(connection, "timeout"), limits.connectMs);
    this.#opening.add(connection);
    try {
      await this.#connectToAny(connection.upstream, addresses);
    } catch (error) {
      this.#fail(connection, kindOf(error));
    } finally {
      clearTimeout(timer);
      this.#opening.delete(connection);
      this.#abandoned.delete(connection);
    }
  }

  #fail(connection: SideConnection, error: UpstreamError): void {
    if (connection.isClosed) return;
    this.parts.upstreamErrors.add(error);
    connection.reset(error === "loop" ? "refused" : "no-upstream");
  }

  /** Whether the client of a connection is this relay, or another that this relay forwards to. */
  #isLoop(connection: SideConnection): boolean {
    return this.#passed(connection).includes(this.relay);
  }

  /** The relays that the octets of a client have passed. */
  #passed({ address, port, client }: SideConnection): Passed {
    return passedOfConnection({ host: address, port }, () => client.reachedAt());
  }

  #note(socket: Socket, passed: Passed): void {
    const { localPort, localAddress, remoteAddress, remotePort } = socket;
    const ends = {
      transport: "tcp",
      localPort,
      localAddress,
      remote: { host: remoteAddress, port: remotePort },
    } as const;
    this.#noted.set(socket, notePassed(ends, passed));
  }

  #forget(socket: Socket): void {
    const note = this.#noted.get(socket);
    if (note) forgetPassed(note);
    this.#noted.delete(socket);
  }

  /** Connects to the first address that accepts. Rejects with the error of the last one. */
  async #connectToAny(side: Side, [address = "", ...others]: readonly string[]): Promise<void> {
    try {
      await this.#connect(side, address, this.parts.upstream.port);
    } catch (error) {
      if (others.length === 0 || side.connection.isClosed || !OTHERS_TRIED.has(kindOf(error))) throw error;
      await this.#connectToAny(side, others);
    }
  }

  /** Connects to the upstream; from an address of its own with one of the next ports that is free. */
  async #connect(side: Side, hostname: string, port: number): Promise<void> {
    const localAddress = relaySourceFor(hostname, side.connection.address);
    // From the upstream's own address and port, TCP connects a socket to itself if nothing listens there.
    const isUsed = (own: number) => own === port || passedOf("tcp", own, localAddress).length > 0;
    for (let attempt = 1; ; attempt++) {
      const source = localAddress && { localAddress, localPort: nextSourcePort(isUsed, attempt) };
      const options: Bun.TCPSocketConnectOptions<Side | undefined> & LocalAddress = {
        hostname,
        port,
        allowHalfOpen: true,
        ...source,
        data: side,
        socket: this.#handlers,
      };
      try {
        await Bun.connect(options);
        return;
      } catch (error) {
        const isPort = source !== undefined && PORT_ERRORS.has(errorCode(error));
        if (!isPort || attempt === MOST_PORTS || side.connection.isClosed) throw error;
      }
    }
  }

  /** The connection to the upstream is open: octets can pass, unless they would come back to this relay. */
  #opened(side: Side, socket: Socket): void {
    const { connection } = side;
    if (connection.isClosed) {
      socket.terminate();
      return;
    }
    const reached: string | undefined = socket.remoteAddress; // undefined if it was reset before its opening was noticed
    if (reached === undefined) {
      socket.terminate();
      this.#fail(connection, "refused");
      return;
    }
    side.opened(socket);
    this.#note(socket, [...this.#passed(connection), this.relay]);
    // An upstream on this host must not take a client on another for one on this host.
    const source = relaySourceFor(reached, connection.address);
    if (source !== undefined && socket.localAddress !== source) this.#fail(connection, "unreachable");
    else if (this.#isLoop(connection)) this.#fail(connection, "loop");
    else connection.connected();
  }
}
