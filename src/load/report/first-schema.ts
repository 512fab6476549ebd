/** Reports of schema wirelab.run/1: completed to the present shape, so that they can be read and compared. */
import { QUANTILE_NAMES } from "../plan/quantiles.ts";
import type { LossReport, RunReport, Times } from "./report.ts";

/** The schema whose percentiles are over the answered packets, and whose intervals are those of independent packets. */
export const FIRST_SCHEMA = "wirelab.run/1";

type FirstTimes = Omit<Times, "packets" | "over" | "noInterval">;

/** What a report of that schema contains. */
export type FirstReport = Omit<
  RunReport,
  "schema" | "loss" | "responseTime" | "serviceTime" | "serverTime" | "oneWay"
> & {
  readonly loss: Pick<LossReport, "ratio">;
  readonly responseTime: FirstTimes;
  readonly serviceTime: FirstTimes;
  readonly serverTime: FirstTimes;
  readonly oneWay: Omit<RunReport["oneWay"], "up" | "down"> & { readonly up: FirstTimes; readonly down: FirstTimes };
};

function timesOf(times: FirstTimes): Times {
  const known = (["mean", ...QUANTILE_NAMES] as const).filter((name) => times[name] !== null);
  return {
    ...times,
    packets: times.count,
    over: {},
    intervals: {},
    noInterval: Object.fromEntries(known.map((name) => [name, "earlier schema"])),
  };
}

function lossOf({ ratio }: FirstReport["loss"]): LossReport {
  const lengths = { count: 0, mean: null, max: null };
  return {
    ratio,
    low: null,
    high: null,
    method: "gilbert95",
    reason: "earlier schema",
    effectiveSampleSize: null,
    highIfIndependent: null,
    bursts: lengths,
    gaps: lengths,
    gilbert: null,
  };
}

/** The report in the present shape, without the intervals that assume independent packets. */
export function completed(report: FirstReport): RunReport {
  const { oneWay } = report;
  return {
    ...report,
    schema: "wirelab.run/2",
    loss: lossOf(report.loss),
    responseTime: timesOf(report.responseTime),
    serviceTime: timesOf(report.serviceTime),
    serverTime: timesOf(report.serverTime),
    oneWay: { ...oneWay, up: timesOf(oneWay.up), down: timesOf(oneWay.down) },
  };
}
