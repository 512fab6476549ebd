/** The quantiles that objectives and reports use. */

/** The quantiles by their names in objectives and reports. */
export const QUANTILES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const;

/** A quantile's name. */
export type QuantileName = keyof typeof QUANTILES;

/** The names, from the lowest quantile to the highest. */
export const QUANTILE_NAMES = ["p50", "p90", "p99", "p999"] as const satisfies readonly QuantileName[];

/** Whether `name` is the name of a quantile. */
export function isQuantile(name: string): name is QuantileName {
  return Object.hasOwn(QUANTILES, name);
}

/** A quantile as a person writes it: `p99.9` for p999; any other name unchanged. */
export function quantileLabel(name: string): string {
  return name === "p999" ? "p99.9" : name;
}
