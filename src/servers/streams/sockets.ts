/** The open connections of a TCP or TLS port, and their limit. */
import type { Bounded } from "../../base/bounded.ts";
import { mostDescriptors, spareDescriptors } from "../../base/descriptors.ts";
import { descriptorOf } from "../../base/kernel.ts";
import { overTurns } from "../../base/turns.ts";
import type { Responder } from "../../reflector/responder.ts";
import { type Shared, type Socket, StreamConnection } from "./connection.ts";

/** The sockets of one listener. Its iterator yields their connections. */
export class StreamSockets implements Bounded, Iterable<StreamConnection> {
  /** Connections that were refused because too many were open, or too few descriptors free. */
  overflows = 0;
  /** Whether further input is discarded. */
  isPaused = false;
  readonly #open = new Set<Socket>();
  /** The kernel assigns the lowest free descriptor: from this one on, few are left. */
  readonly #lastDescriptor = mostDescriptors() - spareDescriptors(mostDescriptors());
  #isSearching = false;

  constructor(
    readonly limit: number,
    private readonly responder: Responder,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  *[Symbol.iterator](): Generator<StreamConnection> {
    for (const { data } of this.#open) if (data) yield data;
  }

  /** Counts a new connection; returns false if it is refused, or was reset before it was accepted (it has no address then). */
  accept(socket: Socket, shared: Shared): boolean {
    if (this.#open.size >= this.limit || (descriptorOf(socket) ?? 0) >= this.#lastDescriptor) {
      this.overflows++;
      this.responder.traffic.rejects.add("connection-limit");
      socket.terminate();
      return false;
    }
    this.responder.traffic.connections++;
    const address: string | undefined = socket.remoteAddress;
    if (address === undefined) {
      socket.terminate();
      return false;
    }
    this.#open.add(socket);
    socket.data = new StreamConnection(socket, shared);
    return true;
  }

  /** The connection of a socket was closed. */
  closed(socket: Socket): void {
    this.#open.delete(socket);
    socket.data?.closed();
  }

  /**
   * Closes the connections that have been idle for this time. socket.timeout() is not used, because it runs from the time
   * it was set and does not restart when data arrives.
   */
  async closeIdle(idleMs: number): Promise<void> {
    if (this.#isSearching) return;
    this.#isSearching = true;
    const before = this.responder.clock.now() - idleMs;
    try {
      await overTurns(this.#open, (socket) => socket.data?.expire(before));
    } catch (error) {
      this.responder.failed(error);
    }
    this.#isSearching = false;
  }

  /** Ends every connection. */
  async end(): Promise<void> {
    await overTurns(this.#open, (socket) => socket.end());
  }
}
