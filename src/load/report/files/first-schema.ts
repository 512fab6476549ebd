/** Reports of schema wirelab.run/1: completed to the present shape, so that they can be read and compared. */
import { QUANTILE_NAMES } from "../../plan/quantiles.ts";
import type { RunReport } from "../report.ts";
import type { LossReport, PacketCounts } from "../report-packets.ts";
import type { Times } from "../report-times.ts";
import { judgementOf, NO_TIMES, type SecondReport } from "./second-schema.ts";

/**
 * The schema whose percentiles are over the answered packets, whose intervals are those of independent packets, whose
 * one-way times were clipped at 0 and whose `comparable` meant that both ends were on one host.
 */
export const FIRST_SCHEMA = "wirelab.run/1";

type AddedKey =
  | "duplicates"
  | "handOver"
  | "receiveDelay"
  | "clockSteps"
  | "reflectorClock"
  | "sessionId"
  | "plan"
  | "host"
  | "ended"
  | "packetLog"
  | "via"
  | "failedTime"
  | "handshakes"
  | "verdict"
  | "objectives";
type ChangedKey = "packets" | "loss" | "responseTime" | "serviceTime" | "serverTime" | "oneWay" | "jitter";
type FirstTimes = Omit<Times, "packets" | "over" | "noInterval" | "p95">;

/** What a report of that schema contains. */
export type FirstReport = Omit<RunReport, "schema" | AddedKey | ChangedKey> & {
  readonly packets: Omit<PacketCounts, "refused">;
  readonly verdict: SecondReport["verdict"];
  readonly objectives: SecondReport["objectives"];
  readonly loss: Pick<LossReport, "ratio">;
  readonly responseTime: FirstTimes;
  readonly serviceTime: FirstTimes;
  readonly serverTime: FirstTimes;
  readonly oneWay: Pick<RunReport["oneWay"], "clockOffset"> & { readonly up: FirstTimes; readonly down: FirstTimes };
  readonly jitter: Omit<RunReport["jitter"], "rfc3550Mean" | "up" | "down">;
};

function timesOf(times: FirstTimes): Times {
  const complete = { ...times, p95: null };
  const known = (["mean", ...QUANTILE_NAMES] as const).filter((name) => complete[name] !== null);
  return {
    ...complete,
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
    limits: null,
    effectiveSampleSize: null,
    highIfIndependent: null,
    bursts: lengths,
    gaps: lengths,
    gilbert: null,
    places: { path: null, targetBuffer: null, ownBuffer: null },
  };
}

/**
 * The report with null where the first schema had no value, without the intervals that assume independent packets. Its
 * one-way times are not comparable.
 */
export function completed(report: FirstReport): RunReport {
  const { oneWay, packets } = report;
  return {
    ...report,
    ...judgementOf({ ...report, ended: null }),
    schema: "wirelab.run/2",
    sessionId: null,
    plan: null,
    host: null,
    ended: null,
    packetLog: null,
    via: null,
    packets: { ...packets, refused: 0 },
    duplicates: null,
    loss: lossOf(report.loss),
    responseTime: timesOf(report.responseTime),
    failedTime: NO_TIMES,
    handshakes: null,
    serviceTime: timesOf(report.serviceTime),
    serverTime: timesOf(report.serverTime),
    oneWay: { ...oneWay, up: timesOf(oneWay.up), down: timesOf(oneWay.down), comparable: false, drift: null },
    handOver: null,
    receiveDelay: { p50: null, p99: null, max: null },
    clockSteps: [],
    reflectorClock: null,
    jitter: { ...report.jitter, rfc3550Mean: null, up: null, down: null },
  };
}
