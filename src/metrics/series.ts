/** The declarations of series. */

/** The declaration of a series. */
export interface Series {
  readonly type: "counter" | "gauge" | "histogram";
  /** Unit of the values; empty for a series whose value has none. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Declarations by name. */
export type SeriesTable = Readonly<Record<string, Series>>;
