/** Quantiles of the distributions behind 95 % intervals. */
import { Z95 } from "../../../base/numbers.ts";

/** Below this number of degrees of freedom the expansion of Student's t is too inaccurate. */
const EXPANSION_FROM = 4;
const STEPS = 2048;

/**
 * The quantile of Student's t with `degrees` degrees of freedom, 1 or more, that leaves 2.5 % above it. From 4 degrees
 * on by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), below by integration; the error is below 0.5 %.
 */
export function studentT(degrees: number): number {
  if (degrees < EXPANSION_FROM) return integratedT(degrees);
  const first = (Z95 ** 3 + Z95) / 4;
  const second = (5 * Z95 ** 5 + 16 * Z95 ** 3 + 3 * Z95) / 96;
  const third = (3 * Z95 ** 7 + 19 * Z95 ** 5 + 17 * Z95 ** 3 - 15 * Z95) / 384;
  return Z95 + first / degrees + second / degrees ** 2 + third / degrees ** 3;
}

/** With t = √degrees tan θ, the density of θ is proportional to cos^(degrees - 1) θ (Abramowitz and Stegun 26.7.3). */
function integratedT(degrees: number): number {
  const width = Math.PI / 2 / STEPS;
  const density = Array.from({ length: STEPS }, (_, step) => Math.cos((step + 0.5) * width) ** (degrees - 1));
  let left = 0.95 * density.reduce((sum, value) => sum + value, 0);
  const step = density.findIndex((value) => {
    left -= value;
    return left <= 0;
  });
  const share = 1 + left / (density[step] ?? 1);
  return Math.sqrt(degrees) * Math.tan((step + share) * width);
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
