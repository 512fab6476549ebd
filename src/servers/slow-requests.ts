/**
 * Finds connections whose request does not become complete. The lab gets a request after its head, and has a time limit for
 * bodies of traffic routes only; the limits of the runtime (seen: 12 s for a head, 32 s for a body) are not documented. So the
 * octets that the kernel counts are compared from time to time.
 */
import type { ConnectionScanner, OpenConnection } from "../base/descriptors.ts";

/** Parts in which the descriptors are looked at, one part a call. */
const PARTS = 10;

/** What is known of a connection. */
interface Watched {
  readonly peer: string;
  /** Octets received, and octets of responses acknowledged, when it was looked at last. */
  received: number;
  acknowledged: number;
  /** When octets after the last response were seen first, ms; undefined if there are none. */
  since: number | undefined;
  round: number;
}

/** Watches the connections of one port. */
export class SlowRequests {
  readonly #watched = new Map<number, Watched>();
  #next = 0;
  #end = 0;
  #round = 0;

  constructor(
    private readonly scanner: Pick<ConnectionScanner, "scan" | "end" | "peerOf">,
    private readonly port: number,
    /** Longest time from the first octets of a request to its response while more octets arrive, ms. */
    private readonly limitMs: number,
  ) {}

  /** Looks at a tenth of the descriptors and returns the connections that are too slow; `now` is a monotonic time, ms. */
  find(now: number): readonly OpenConnection[] {
    if (this.#next >= this.#end) this.#startRound();
    const start = this.#next;
    this.#next = Math.min(this.#end, start + Math.ceil(this.#end / PARTS));
    const open = this.scanner.scan(this.port, start, this.#next);
    return open.filter((connection) => this.#isSlow(connection, now));
  }

  #startRound(): void {
    for (const [descriptor, { round }] of this.#watched) {
      if (round !== this.#round) this.#watched.delete(descriptor);
    }
    this.#round++;
    this.#next = 0;
    this.#end = this.scanner.end();
  }

  #isSlow({ descriptor, received, acknowledged }: OpenConnection, now: number): boolean {
    const watched = this.#watched.get(descriptor);
    const isNew = !watched || received < watched.received;
    if (isNew || acknowledged !== watched.acknowledged) {
      const since = isNew ? now : undefined;
      const peer = this.scanner.peerOf(descriptor);
      this.#watched.set(descriptor, { peer, received, acknowledged, since, round: this.#round });
      return false;
    }
    watched.round = this.#round;
    if (received === watched.received) return false; // idle, or waiting for its response
    watched.received = received;
    watched.since ??= now;
    if (now - watched.since < this.limitMs) return false;
    this.#watched.delete(descriptor);
    return this.scanner.peerOf(descriptor) === watched.peer;
  }
}
