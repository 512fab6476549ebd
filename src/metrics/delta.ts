/** What was injected and what was measured since a moment: the two sides of an account. Moments are monotonic, in ms. */

import type { SinceChange } from "../live/shapes.ts";
import type { Traffic } from "./counters.ts";

/** The counters of a protocol at the moment at which its faults were changed. */
export interface Baseline {
  readonly at: number;
  readonly packets: number;
  readonly dropped: number;
  readonly sum: number;
  readonly count: number;
  readonly injected: ReadonlyMap<string, number>;
}

/** The counters now. */
export function baseline({ packets, dropped, responseTime, injected }: Traffic, at: number): Baseline {
  const { sum, count } = responseTime;
  return {
    at,
    packets,
    dropped,
    sum,
    count,
    injected: new Map(injected.names.map((name) => [name, injected.get(name)])),
  };
}

/** What was added to the counters since `from`. */
export function sinceBaseline(
  { packets, dropped, responseTime, injected }: Traffic,
  from: Baseline,
  now: number,
): SinceChange {
  const answered = responseTime.count - from.count;
  const gained = injected.names.map((name) => [name, injected.get(name) - (from.injected.get(name) ?? 0)] as const);
  return {
    seconds: Math.round((now - from.at) / 1000),
    packets: packets - from.packets,
    dropped: dropped - from.dropped,
    answered,
    mean: answered === 0 ? null : (responseTime.sum - from.sum) / answered,
    injected: Object.fromEntries(gained.filter(([, count]) => count > 0)),
  };
}
