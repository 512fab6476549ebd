/** The rows of the benchmarks: what was measured on each side, and what is to be reached. */
import { median } from "./processes.ts";

/** One side of a comparison. */
export interface Side {
  /** Packets per second, each run. */
  readonly rates: number[];
  /** Processor time for each packet, user and system, µs; each run. */
  readonly cpu: number[];
}

/** A side without runs. */
export function emptySide(): Side {
  return { rates: [], cpu: [] };
}

/** A comparison in interleaved runs. */
export interface Comparison {
  readonly name: string;
  readonly what: string;
  readonly against: string;
  /** The least ratio of the rates and the greatest of the processor times to reach. */
  readonly goal: { readonly rate: number; readonly cpu?: number };
  readonly ours: Side;
  readonly theirs: Side;
  /** Another checkout of the same side, in the same minutes. */
  readonly before?: Side;
}

/** One number. */
export interface Figure {
  readonly name: string;
  readonly what: string;
  readonly against: string;
  readonly value: number;
  readonly unit: string;
  /** The greatest value to reach. */
  readonly goal: number;
  readonly note?: string;
}

/** A row that could not be measured, and how it can be. */
export interface Skipped {
  readonly name: string;
  readonly what: string;
  readonly skipped: string;
}

/** A row of the table. */
export type Row = Comparison | Figure | Skipped;

/** Median, minimum and maximum. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** The ratios of the runs of `over` to those of `under` that were made just before or after. */
export function ratioOf(over: readonly number[], under: readonly number[]): Spread {
  const ratios = over.map((value, i) => value / (under[i] ?? Number.NaN));
  return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
}
