/** The packets of a serial client that wait for a connection, and the attempts to open connections for them. */
import type { AcceptedPacket } from "./exchanges.ts";

/** A packet that waits. */
interface Waiting {
  readonly packet: AcceptedPacket;
  /** Undefined if the packet waits no longer. */
  attempt: Attempt | undefined;
}

/** An attempt to open a connection. */
export interface Attempt {
  /** The packet that waits for it; undefined if that was sent on another connection, or was given up. */
  waiting: Waiting | undefined;
}

/** Packets that wait, each for an attempt of its own; any other connection that becomes free can take them before. */
export class WaitingPackets {
  /** In the order in which they were accepted. Those that wait no longer are removed when they are the first. */
  readonly #queue: Waiting[] = [];
  /** The attempts without a packet. */
  readonly #spare: Attempt[] = [];

  /** An attempt begins, for a packet that was just accepted. */
  begin(packet: AcceptedPacket): Attempt {
    const attempt: Attempt = { waiting: undefined };
    this.#add(packet, attempt);
    return attempt;
  }

  #add(packet: AcceptedPacket, attempt: Attempt): void {
    attempt.waiting = { packet, attempt };
    this.#queue.push(attempt.waiting);
  }

  /** Whether there is an attempt without a packet. */
  get hasSpare(): boolean {
    return this.#spare.length > 0;
  }

  /** The packet waits for an attempt without a packet, which there has to be. */
  join(packet: AcceptedPacket): void {
    const attempt = this.#spare.pop();
    if (attempt !== undefined) this.#add(packet, attempt);
  }

  /** The attempt has ended; returns its packet, which waits no longer. */
  end(attempt: Attempt): AcceptedPacket | undefined {
    const { waiting } = attempt;
    if (waiting === undefined) this.#spare.splice(this.#spare.indexOf(attempt), 1);
    else waiting.attempt = undefined;
    return waiting?.packet;
  }

  /**
   * The packet that has waited longest, which waits no longer; undefined if there is none.
   * @param before takes it only if it was accepted before this time
   */
  takeFirst(before = Number.POSITIVE_INFINITY): AcceptedPacket | undefined {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const { packet, attempt } = first;
      if (attempt !== undefined && packet.acceptedAt >= before) return undefined;
      this.#queue.shift();
      if (attempt === undefined) continue;
      attempt.waiting = undefined;
      this.#spare.push(attempt);
      return packet;
    }
    return undefined;
  }
}
