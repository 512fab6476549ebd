/** The quantiles that objectives and reports use, and the percentiles that `--percentiles` selects. */
import { UsageError } from "./errors.ts";

/** The quantiles by their names in objectives and reports. */
export const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 } as const;

/** A quantile's name. */
export type QuantileName = keyof typeof QUANTILES;

/** The names, from the lowest quantile to the highest. */
export const QUANTILE_NAMES = ["p50", "p90", "p95", "p99", "p999"] as const satisfies readonly QuantileName[];

/** Most percentiles that a run can select. */
const MOST_PERCENTILES = 20;

/** Whether `name` is the name of a quantile. */
export function isQuantile(name: string): name is QuantileName {
  return Object.hasOwn(QUANTILES, name);
}

/** A quantile as a person writes it: `p99.9` for p999; any other name unchanged. */
export function quantileLabel(name: string): string {
  return name === "p999" ? "p99.9" : name;
}

/** The name of a percentile that every report has, such as p999 for 99.9; undefined for any other one. */
export function quantileOfPercent(percent: number): QuantileName | undefined {
  return QUANTILE_NAMES.find((name) => quantileLabel(name) === `p${percent}`);
}

/** Percentiles in rising order, each once. Throws a UsageError for one that is not above 0 and up to 100. */
export function checkPercentiles(percents: readonly number[]): readonly number[] {
  const list = [...new Set(percents)].sort((a, b) => a - b);
  const wrong = list.find((percent) => typeof percent !== "number" || !(percent > 0 && percent <= 100));
  if (wrong !== undefined) throw new UsageError(`--percentiles ${wrong}: expected more than 0, up to 100`);
  if (list.length > 0 && list.length <= MOST_PERCENTILES) return list;
  throw new UsageError(`--percentiles: expected 1 to ${MOST_PERCENTILES} percentiles, such as 50,95,99.9`);
}
