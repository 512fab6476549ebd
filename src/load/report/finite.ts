/** Numbers of the report. */

/** The number; null if it is missing or infinite, because JSON has no infinity. */
export function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
