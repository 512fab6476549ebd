/** Small numeric helpers. */

/** The 97.5 % quantile of the standard normal distribution: the half width of a two-sided 95 % interval. */
export const Z95 = 1.959963984540054;

/** `value` limited to the range from `min` to `max`; `min` where the range is empty. */
export function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}
