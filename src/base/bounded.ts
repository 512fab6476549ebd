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
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  get size(): number {
    return this.#size;
  }

  get overflows(): number {
    return this.#overflows;
  }

  /** Reserves `octets`; returns false, and counts an overflow, if less than `spared` octets would be left. */
  reserve(octets: number, spared = 0): boolean {
    if (this.#size + octets > this.limit - spared) {
      this.refuse();
      return false;
    }
    this.#size += octets;
    return true;
  }

  /** Counts an overflow. */
  refuse(): void {
    this.#overflows++;
  }

  /** Returns octets that were reserved. */
  release(octets: number): void {
    this.#size -= octets;
  }
}

/** What one user of a budget may have, as a multiple of what it leaves free. */
const SHARE = 8;

/**
 * The part of one user of a budget: alone it gets 8/9 of the budget, and there is always room for the others, whatever it does.
 * `limit` changes with what the others have.
 */
export class BudgetShare extends Budget {
  constructor(private readonly whole: Budget) {
    super(whole.limit);
  }

  override get limit(): number {
    return ((this.size + this.whole.limit - this.whole.size) * SHARE) / (SHARE + 1);
  }

  override reserve(octets: number, spared = 0): boolean {
    if (!super.reserve(octets, spared)) return false;
    if (this.whole.reserve(octets)) return true;
    super.release(octets);
    return false;
  }

  override refuse(): void {
    super.refuse();
    this.whole.refuse();
  }

  override release(octets: number): void {
    super.release(octets);
    this.whole.release(octets);
  }
}
