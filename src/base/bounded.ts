/** Structures whose size is limited by configuration, as metrics and displays read them. */

/** The state of a structure with a limit. */
export interface Bounded {
  /** Entries held now; octets in a budget. */
  readonly size: number;
  /** Most entries that it may hold. */
  readonly limit: number;
  /** How often the limit was reached and an entry was refused or evicted. */
  readonly overflows: number;
}

/** Octets that connections or requests may hold together. */
export class Budget implements Bounded {
  #size = 0;
  #overflows = 0;

  constructor(readonly limit: number) {}

  get size(): number {
    return this.#size;
  }

  get overflows(): number {
    return this.#overflows;
  }

  /** Reserves `octets`; returns false, and counts an overflow, if less than `spared` octets would be left. */
  reserve(octets: number, spared = 0): boolean {
    if (this.#size + octets > this.limit - spared) {
      this.#overflows++;
      return false;
    }
    this.#size += octets;
    return true;
  }

  /** Returns octets that were reserved. */
  release(octets: number): void {
    this.#size -= octets;
  }
}
