/** What a report should contain: a value with its tolerance, or why the packets file cannot give it. */

/** A value that was recomputed. */
export interface Recomputed {
  readonly value: number | string | boolean | null;
  /** How far the reported number may differ. */
  readonly within: number;
  /** Why they may differ, for the output. */
  readonly because?: string;
}

/** A value that is not in the file. */
export interface Absent {
  readonly absent: string;
}

/** What a number of the report should be. */
export type Expected = Recomputed | Absent;

/** Expectations by the path of the number in the report, such as `loss.bursts.count`. */
export type Expectations = Map<string, Expected>;

/** A count, a word or a truth value, which has to be equal. */
export function exact(value: number | string | boolean | null): Recomputed {
  return { value, within: 0 };
}

/** A value that follows from other numbers: equal except for the rounding of the arithmetic. */
export function derived(value: number | null, share = 1e-6): Recomputed {
  return { value, within: Math.abs(value ?? 0) * share + 1e-12 };
}

/** Times in the file are rounded to 1 ns; a difference of two of them is off by at most 1 ns. */
const ROUNDING = 2e-9;

/** A time of `ms` milliseconds, which the report has in s. */
export function time(ms: number | undefined): Recomputed {
  return ms === undefined ? exact(null) : { value: ms / 1000, within: ROUNDING + Math.abs(ms / 1000) * 1e-9 };
}

/** A percentile of ms that the report takes from a histogram with 3 significant digits. */
export function threeDigits(ms: number | undefined): Recomputed {
  if (ms === undefined) return exact(null);
  return { value: ms / 1000, within: ROUNDING + Math.abs(ms / 1000) * 1e-3, because: "3 significant digits" };
}

/** The same where the histogram has 3 significant digits of the distance from the least value, twice rounded. */
export function threeDigitsAbove(least: number, ms: number | undefined): Recomputed {
  if (ms === undefined) return exact(null);
  const within = ROUNDING + Math.abs((ms - least) / 1000) * 3e-3;
  return { value: ms / 1000, within, because: "3 significant digits above the least time" };
}

/** A value that the file does not contain. */
export function absent(reason: string): Absent {
  return { absent: reason };
}
