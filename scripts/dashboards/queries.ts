/** The expressions that both dashboards are written in: rates, shares and quantiles over all chosen replicas. */
import { LAB_PROTOCOL, rising } from "./parts.ts";

/** Packets a second of a counter, by the labels `by`. */
export function perSecond(counter: string, matchers: string, by: string): string {
  return `sum by (${by}) (rate(${counter}{${matchers}}[$__rate_interval]))`;
}

/** A share per protocol, without a value while nothing is below the line. */
export function share(part: string, whole: string, matchers: string): string {
  return `${perSecond(part, matchers, "protocol")}\n/\n(${perSecond(whole, matchers, "protocol")} > 0)`;
}

/** A quantile per protocol over all replicas. */
export function quantile(q: number, histogram: string, matchers: string): string {
  return `histogram_quantile(${q}, ${perSecond(`${histogram}_bucket`, matchers, "protocol, le")})`;
}

/** The labs' drop ratio per protocol. */
export const DROP_RATIO = share("dropped_packets_total", "packets_total", LAB_PROTOCOL);

/** From the objective on orange, from 14.4 times the objective on (where an hour of it pages) red. */
export const DROP_STEPS = rising(0.01, 0.144);
