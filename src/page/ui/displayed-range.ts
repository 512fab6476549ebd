/** The ranges in errors of the API, in the unit of a form field. */

/** `value` of the API in the displayed unit, without the rounding error of the division. */
function displayed(value: string, scale: number): string {
  return String(Number((Number(value) / scale).toPrecision(6)));
}

/**
 * An error line with its range `from A to B` in the unit of a field; `scale` is the factor from that unit to the API's.
 * A text without a range, and one for a field in the API's unit, stays as it is.
 */
export function inDisplayedUnit(text: string, scale: number, unit: string): string {
  if (scale === 1) return text;
  return text.replace(
    /\bfrom (\d[\d.e-]*) to (\d[\d.e-]*)/,
    (_, from: string, to: string) => `from ${displayed(from, scale)} to ${displayed(to, scale)} ${unit}`,
  );
}
