/** The requests without an outcome of one connection, by the ids of their streams. A map would take a tenth of a request's time. */
import type { Exchange } from "../streams/connection.ts";

const INITIAL = 64;

/** Streams whose ids are odd and grow (RFC 9113 section 5.1.1), in a ring that grows if an old one would be overwritten. */
export class OpenStreams {
  #slots: (Exchange | undefined)[] = new Array(INITIAL).fill(undefined);
  #mask = INITIAL - 1;
  /** No stream below this id is open. */
  #first = 1;
  /** The id after the last one. */
  #next = 1;
  size = 0;

  /** Adds the request of a new stream, whose id is above all others. */
  add(exchange: Exchange): void {
    if (this.size === 0) this.#first = exchange.stream;
    while (this.#at(exchange.stream) !== undefined) this.#grow();
    this.#slots[(exchange.stream >>> 1) & this.#mask] = exchange;
    this.#next = exchange.stream + 2;
    this.size++;
  }

  #at(stream: number): Exchange | undefined {
    return this.#slots[(stream >>> 1) & this.#mask];
  }

  #grow(): void {
    const open = [...this.values()];
    this.#mask = 2 * this.#mask + 1;
    this.#slots = new Array(this.#mask + 1).fill(undefined);
    for (const exchange of open) this.#slots[(exchange.stream >>> 1) & this.#mask] = exchange;
  }

  get(stream: number): Exchange | undefined {
    const exchange = (stream & 1) === 1 ? this.#at(stream) : undefined;
    return exchange?.stream === stream ? exchange : undefined;
  }

  /** Removes the request of an open stream. */
  delete(stream: number): void {
    if (this.get(stream) === undefined) return;
    this.#slots[(stream >>> 1) & this.#mask] = undefined;
    this.size--;
  }

  /** The one that was added first. */
  oldest(): Exchange | undefined {
    if (this.size === 0) return undefined;
    while (this.get(this.#first) === undefined) this.#first += 2;
    return this.get(this.#first);
  }

  /** All of them, in the order in which they were added. */
  *values(): Generator<Exchange> {
    for (let stream = this.#first; stream < this.#next; stream += 2) {
      const exchange = this.get(stream);
      if (exchange !== undefined) yield exchange;
    }
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.size = 0;
  }
}
