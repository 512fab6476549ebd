/** One side of a TCP connection through a relay: its socket, which can still be about to open. */
import { originalDestination } from "../../base/socket-address.ts";
import type { Direction } from "../../faults/faults.ts";
import type { LossReason } from "../counts.ts";
import type { HostPort } from "../route/route.ts";
import { type LinkShare, ReceiveLimit } from "./receive-limit.ts";
import type { StreamEnd } from "./stream-exit.ts";

/** The connection of two sides, as the callbacks of their sockets see it. */
export interface SideConnection {
  /** The client's address and port. */
  readonly address: string;
  readonly port: number;
  readonly client: Side;
  /** Whether both sockets are closed, or are to be. */
  readonly isClosed: boolean;
  /** The upstream is open. */
  connected(): void;
  /** Octets of a side. */
  data(side: Side, chunk: Buffer): void;
  /** A side has sent a FIN. */
  peerEnded(side: Side): void;
  /** The kernel accepts more octets for a side. */
  drained(side: Side): void;
  /** The socket of a side is closed. */
  sideClosed(side: Side, error: unknown): void;
  /** Resets both sides. */
  reset(reason: LossReason): void;
  /** Counts an error of the relay itself, and resets both sides. */
  failed(error: unknown): void;
}

/** A socket of either side. Its data is the side, undefined until the connection is accepted. */
export type Socket = Bun.Socket<Side | undefined>;

/** Idle time after which the kernel asks whether the peer is still there, ms: one that disappeared does not stay forever. */
const KEEP_ALIVE_MS = 60_000;

/** One side. */
export class Side implements StreamEnd {
  #socket: Socket | undefined;
  #isFinished = false;
  #isPaused = false;
  #share: LinkShare | undefined;
  readonly #receiveLimit = new ReceiveLimit();

  constructor(
    readonly connection: SideConnection,
    /** The direction of what this side sends. */
    readonly direction: Direction,
  ) {}

  /** Whether there is a socket. */
  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Whether a FIN was sent. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** The places to which the peer of an accepted connection can have connected; none if the socket is closed. */
  reachedAt(): readonly HostPort[] {
    const socket = this.#socket;
    if (socket === undefined) return [];
    const original = originalDestination(socket);
    return [{ host: socket.localAddress, port: socket.localPort }, ...(original ? [original] : [])];
  }

  write(bytes: Buffer, at: number, length: number): number {
    return this.#socket?.write(bytes, at, length) ?? 0;
  }

  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#socket?.shutdown();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket?.resume();
  }

  get readBytes(): number {
    return this.#receiveLimit.bytes;
  }

  limitReceiving(share: LinkShare | undefined): void {
    this.#share = share;
    if (this.#socket) this.#receiveLimit.set(this.#socket, share);
  }

  /** The socket is open. What was asked before is done now. */
  opened(socket: Socket): void {
    this.#socket = socket;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#receiveLimit.set(socket, this.#share);
    if (this.#isPaused) socket.pause();
    if (this.#isFinished) socket.shutdown();
  }

  /** The socket is closed. */
  closed(): void {
    this.#socket = undefined;
  }

  /** Closes the socket: the kernel still delivers what it has accepted. */
  close(): void {
    this.#socket?.close();
  }

  /** Resets the connection. */
  reset(): void {
    this.#socket?.terminate();
  }
}
