/** Divides the event loop among the sockets towards upstreams: one that is flooded does not stop the others. */
import { type Reading, ReadTurns } from "../../servers/bounds/read-turns.ts";

/** Holds the sockets that are read when the event loop should turn; each is read again in the next turn. */
export class UpstreamTurns implements Reading {
  #current: Reading | undefined;
  readonly #held = new Set<Reading>();
  readonly #turns: ReadTurns;

  /** `now` is the clock of the datagrams' times. */
  constructor(now: () => number) {
    this.#turns = new ReadTurns(this, now);
  }

  /** Called for each datagram, with its socket and the time of its receipt (ms). */
  received(socket: Reading, now: number): void {
    this.#current = socket;
    this.#turns.note(now);
  }

  /** Whether the socket that is read now is held. */
  get held(): boolean {
    return this.#current?.held ?? false;
  }

  hold(): void {
    if (!this.#current) return;
    this.#current.hold();
    this.#held.add(this.#current);
  }

  release(): void {
    for (const socket of this.#held) socket.release();
    this.#held.clear();
    this.#current = undefined;
  }
}
