/** Reports of schema wirelab.run/2 that were made before some of its fields existed: completed to the present shape. */
import type { JudgedObjective, RunReport } from "../report.ts";
import type { ReportedPlan } from "../report-plan.ts";
import type { Times } from "../report-times.ts";

type EarlierTimes = Omit<Times, "p95"> & Partial<Pick<Times, "p95">>;
type TimesKey = "responseTime" | "serviceTime" | "serverTime";

/** What such a report contains. */
export type SecondReport = Omit<
  RunReport,
  TimesKey | "oneWay" | "failedTime" | "handshakes" | "via" | "plan" | "objectives" | "verdict"
> &
  Record<TimesKey, EarlierTimes> & {
    readonly objectives: readonly (Omit<JudgedObjective, "runValid"> & Partial<Pick<JudgedObjective, "runValid">>)[];
    readonly verdict: Omit<RunReport["verdict"], "interrupted">;
    readonly failedTime?: EarlierTimes;
    readonly handshakes?: RunReport["handshakes"];
    readonly via?: RunReport["via"];
    readonly plan: (Omit<ReportedPlan, "http"> & Partial<Pick<ReportedPlan, "http">>) | null;
    readonly oneWay: Omit<RunReport["oneWay"], "up" | "down"> & Record<"up" | "down", EarlierTimes>;
  };

/** A distribution without any time. */
export const NO_TIMES: Times = {
  count: 0,
  packets: 0,
  min: null,
  mean: null,
  p50: null,
  p90: null,
  p95: null,
  p99: null,
  p999: null,
  max: null,
  stddev: null,
  over: {},
  intervals: {},
  noInterval: {},
};

/** An edited file can lack the times; they stay missing then. */
function timesOf(times: EarlierTimes | undefined): Times {
  return { ...(times as EarlierTimes), p95: times?.p95 ?? null };
}

/** The verdict and the objectives with what older versions left out, because it follows from the rest. */
export function judgementOf({
  ended,
  verdict,
  objectives,
}: Pick<SecondReport, "verdict" | "objectives"> & Partial<Pick<SecondReport, "ended">>): Pick<
  RunReport,
  "verdict" | "objectives"
> {
  return {
    verdict: { interrupted: ended === "interrupted", ...verdict },
    objectives: objectives?.map((objective) => ({ runValid: verdict?.valid ?? false, ...objective })),
  };
}

/** The report with null where it has no value. */
export function filled(report: SecondReport): RunReport {
  const { plan, responseTime, failedTime, serviceTime, serverTime, oneWay } = report;
  return {
    ...report,
    plan: plan && { ...plan, http: plan.http ?? null },
    ...judgementOf(report),
    failedTime: timesOf(failedTime ?? NO_TIMES),
    handshakes: report.handshakes ?? null,
    via: report.via ?? null,
    responseTime: timesOf(responseTime),
    serviceTime: timesOf(serviceTime),
    serverTime: timesOf(serverTime),
    oneWay: { ...oneWay, up: timesOf(oneWay?.up), down: timesOf(oneWay?.down) },
  };
}
