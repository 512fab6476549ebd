/** The memory that the connections of a listener hold together, within one budget. */
import type { Budget } from "../../base/bounded.ts";

/** A connection that holds octets. */
export interface Holder {
  /** Frees its octets and closes. */
  evict(): void;
}

/** Makes room in the budget by closing the connections that have held octets for the longest time without progress. */
export class ConnectionMemory {
  /** In order of their last progress. */
  readonly #holders = new Set<Holder>();

  constructor(readonly budget: Budget) {}

  /** The holder made progress: it holds octets, and has freed or received some now. */
  progress(holder: Holder): void {
    this.#holders.delete(holder);
    this.#holders.add(holder);
  }

  /** The holder holds nothing. */
  remove(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /**
   * Calls `reserve` until it returns true, and evicts a holder before each further call. Returns false if `holder` itself
   * is the next to be evicted.
   */
  makeRoom(holder: Holder, reserve: () => boolean): boolean {
    while (!reserve()) {
      const [oldest] = this.#holders;
      if (!oldest || oldest === holder) return false;
      this.#holders.delete(oldest);
      oldest.evict();
    }
    if (!this.#holders.has(holder)) this.#holders.add(holder);
    return true;
  }
}
