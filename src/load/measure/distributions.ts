/** Quantiles of the distributions behind 95 % intervals. */
import { Z95 } from "../../base/numbers.ts";

/**
 * The quantile of Student's t with `degrees` degrees of freedom that leaves 2.5 % above it, by the Cornish-Fisher
 * expansion (Abramowitz and Stegun 26.7.5). The error is below 0.5 % from 4 degrees on.
 */
export function studentT(degrees: number): number {
  const first = (Z95 ** 3 + Z95) / 4;
  const second = (5 * Z95 ** 5 + 16 * Z95 ** 3 + 3 * Z95) / 96;
  const third = (3 * Z95 ** 7 + 19 * Z95 ** 5 + 17 * Z95 ** 3 - 15 * Z95) / 384;
  return Z95 + first / degrees + second / degrees ** 2 + third / degrees ** 3;
}

/**
 * The quantile of chi-square over its `degrees` degrees of freedom that leaves 2.5 % above it, by the approximation
 * of Wilson and Hilferty (Abramowitz and Stegun 26.4.17). A variance estimate exceeds the true variance by more than
 * this factor in 2.5 % of cases.
 */
export function varianceExcess(degrees: number): number {
  const spread = 2 / (9 * degrees);
  return (1 - spread + Z95 * Math.sqrt(spread)) ** 3;
}
