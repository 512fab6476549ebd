/** Expressions of both dashboards: rates, ratios and quantiles over all selected replicas. */
import { LAB_PROTOCOL, rising } from "./parts.ts";

/** Rate per second of a counter, summed by the labels `by`. */
export function perSecond(counter: string, matchers: string, by: string): string {
  return `sum by (${by}) (rate(${counter}{${matchers}}[$__rate_interval]))`;
}

/** A ratio per protocol; it has no value while the denominator is 0. */
export function ratio(part: string, whole: string, matchers: string): string {
  return `${perSecond(part, matchers, "protocol")}\n/\n(${perSecond(whole, matchers, "protocol")} > 0)`;
}

/** A quantile per protocol over all replicas. */
export function quantile(q: number, histogram: string, matchers: string): string {
  return `histogram_quantile(${q}, ${perSecond(`${histogram}_bucket`, matchers, "protocol, le")})`;
}

/** The labs' drop ratio per protocol. */
export const DROP_RATIO = ratio("dropped_packets_total", "packets_total", LAB_PROTOCOL);

/** Orange from the objective, red from 14.4 times the objective (which pages after an hour). */
export const DROP_STEPS = rising(0.01, 0.144);
