/** The handshakes of the connections of a TLS listener: their times, their failures, and a limit of their duration. */
import type { Clock } from "../../base/clock.ts";
import type { Handshakes, Traffic } from "../../metrics/counters.ts";

/** A connection whose handshake can be ended. */
interface Closable {
  terminate(): void;
}

/** The handshakes that are not complete yet. */
export class PendingHandshakes {
  /** When each connection was accepted, in that order, ms. */
  readonly #startedAt = new Map<Closable, number>();

  constructor(
    private readonly clock: Pick<Clock, "now">,
    private readonly rejects: Traffic["rejects"],
    private readonly counters: Handshakes,
  ) {}

  /** A connection was accepted. */
  start(socket: Closable): void {
    this.#startedAt.set(socket, this.clock.now());
  }

  /** The runtime has refused the connection, because too many are open. */
  refuse(): void {
    this.counters.failed("refused");
  }

  /** The handshake of a connection ended. The runtime closes a connection whose handshake failed. */
  end(socket: Closable, isComplete: boolean): void {
    const startedAt = this.#startedAt.get(socket);
    if (startedAt === undefined) return;
    this.#startedAt.delete(socket);
    if (isComplete) {
      this.counters.ok((this.clock.now() - startedAt) / 1000);
      return;
    }
    this.rejects.add("handshake-failed");
    this.counters.failed("failed");
  }

  /** Closes the connections whose handshakes take longer than `limitMs`. */
  expire(limitMs: number): void {
    const latestStart = this.clock.now() - limitMs;
    for (const [socket, startedAt] of this.#startedAt) {
      if (startedAt > latestStart) return;
      this.#startedAt.delete(socket);
      this.rejects.add("handshake-timeout");
      this.counters.failed("timeout");
      socket.terminate();
    }
  }
}
