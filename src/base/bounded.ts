/** Structures whose size is limited by configuration, as metrics and displays read them. */

/** The state of a structure with a limit. */
export interface Bounded {
  /** Entries held now. */
  readonly size: number;
  /** Most entries that it may hold. */
  readonly limit: number;
  /** How often the limit was reached and an entry was refused or evicted. */
  readonly overflows: number;
}
