/** The numbers of live data, as they are sent. */

/** Rounds to the four digits that a chart needs; NaN stays. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Null in place of NaN, which JSON cannot represent. */
export function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
