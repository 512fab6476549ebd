/** The parts of prom-client that are used: its index loads all of it, which takes 60 ms of a start. */
declare module "prom-client/lib/counter.js" {
  import { Counter } from "prom-client";
  export default Counter;
}
declare module "prom-client/lib/gauge.js" {
  import { Gauge } from "prom-client";
  export default Gauge;
}
declare module "prom-client/lib/histogram.js" {
  import { Histogram } from "prom-client";
  export default Histogram;
}
declare module "prom-client/lib/registry.js" {
  import { Registry } from "prom-client";
  export default class extends Registry {
    /** The text of one metric: of what its `get` resolves with. */
    getMetricsAsString(metric: { readonly get: () => Promise<unknown> }): Promise<string>;
  }
}
