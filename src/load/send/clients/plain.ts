/** Plain TCP and UDP, as `nc` or a beginner's client speaks them: a short text out, whatever comes back is its answer. */
import { resendOnError } from "../../../base/resend.ts";
import { errorCode } from "../../measure/error-code.ts";
import { anyAddressLike, type ClientSettings, connected } from "./client.ts";
import { LaneClient, type LaneEvents, type Transport } from "./one-at-a-time.ts";

/** The text of packet n, padded with dots to at least `size` octets. */
export function plainText(protocol: "TCP" | "UDP", sequence: number, size: number): Buffer {
  return Buffer.from(`Hello ${protocol} ${sequence}`.padEnd(size, "."));
}

/** A plain TCP connection: an echo's answer is complete with its last octet, any other's with its first chunk. */
class PlainTcpTransport implements Transport {
  readonly #settings: ClientSettings;
  readonly #events: LaneEvents;
  #socket: Bun.Socket | undefined;
  #sent: Buffer = Buffer.alloc(0);
  #unwritten = 0;
  #received = 0;
  usable = false;

  constructor(settings: ClientSettings, events: LaneEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }

  async connect(): Promise<void> {
    const { address, port } = this.#settings.endpoint;
    const connecting = Bun.connect({
      hostname: address,
      port,
      socket: {
        data: (from, data) => this.#data(from, data),
        drain: () => this.#drain(),
        close: (from, error) => this.#ended(from, error),
        error: (from, error) => this.#ended(from, error),
        connectError: () => undefined,
      },
    });
    const socket = await connected(connecting, this.#settings.timeoutMs, (late) => late.end());
    socket.setNoDelay(true);
    this.#socket = socket;
    this.usable = true;
  }

  write(sequence: number): number {
    this.#sent = plainText("TCP", sequence, this.#settings.size);
    this.#unwritten = this.#sent.length;
    this.#received = 0;
    this.#drain();
    return this.#sent.length;
  }

  #drain(): void {
    if (this.#unwritten === 0) return;
    this.#unwritten -= Math.max(0, this.#socket?.write(this.#sent.subarray(-this.#unwritten)) ?? 0);
  }

  #data(from: Bun.Socket, data: Buffer): void {
    if (from !== this.#socket) return;
    const end = Math.min(this.#sent.length, this.#received + data.length);
    const echoed = this.#sent.compare(data, 0, end - this.#received, this.#received, end) === 0;
    this.#received += data.length;
    if (echoed && this.#received < this.#sent.length) return;
    this.#events.done({ kind: "answered" }, this.#received);
  }

  /** A connection closed in place of an answer is a loss: that is how the lab drops a packet on plain TCP. */
  #ended(from: Bun.Socket, error: Error | undefined): void {
    if (from !== this.#socket) return;
    this.close();
    this.#events.gone({ kind: "lost", code: error === undefined ? "closed" : errorCode(error) });
  }

  close(): void {
    this.usable = false;
    // Forgotten first: ending a socket can call its close handler before it returns.
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end();
  }
}

/** A plain UDP socket, with a port of its own so that a late answer cannot pass for the next packet's. */
class PlainUdpTransport implements Transport {
  readonly #settings: ClientSettings;
  readonly #events: LaneEvents;
  #socket: Bun.udp.ConnectedSocket<"buffer"> | undefined;
  usable = false;

  constructor(settings: ClientSettings, events: LaneEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  get localPort(): number | undefined {
    return this.#socket?.port;
  }

  async connect(): Promise<void> {
    const { address, port } = this.#settings.endpoint;
    const socket = await Bun.udpSocket({
      hostname: anyAddressLike(address),
      connect: { hostname: address, port },
      socket: {
        data: (from, data) => {
          if (from === this.#socket) this.#events.done({ kind: "answered" }, data.length);
        },
        // Bun calls this with the error alone, or with the socket before it: the last argument is the error.
        error: (...args: unknown[]) => this.#failed(args.at(-1)),
      },
    });
    this.#socket = socket;
    this.usable = true;
  }

  write(sequence: number): number {
    const packet = plainText("UDP", sequence, this.#settings.size);
    resendOnError(() => this.#socket?.send(packet));
    return packet.length;
  }

  /** An ICMP error: this socket's only packet did not get through. */
  #failed(error: unknown): void {
    if (this.#socket === undefined) return;
    this.close();
    this.#events.gone({ kind: "lost", code: errorCode(error) });
  }

  close(): void {
    this.usable = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }
}

/** The session sender of plain TCP or UDP. */
export function plainClient(settings: ClientSettings, protocol: "tcp" | "udp"): LaneClient {
  const Kind = protocol === "tcp" ? PlainTcpTransport : PlainUdpTransport;
  return new LaneClient(settings, (events) => new Kind(settings, events));
}
