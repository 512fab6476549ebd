/** Reports of schema wirelab.run/2 that were made before some of its fields existed: completed to the present shape. */
import type { RunReport, Times } from "../report.ts";

type EarlierTimes = Omit<Times, "p95"> & Partial<Pick<Times, "p95">>;
type TimesKey = "responseTime" | "serviceTime" | "serverTime";

/** What such a report contains. */
export type SecondReport = Omit<RunReport, TimesKey | "oneWay"> &
  Record<TimesKey, EarlierTimes> & {
    readonly oneWay: Omit<RunReport["oneWay"], "up" | "down"> & Record<"up" | "down", EarlierTimes>;
  };

/** A file that someone changed can lack the times; they stay missing then. */
function timesOf(times: EarlierTimes | undefined): Times {
  return { ...(times as EarlierTimes), p95: times?.p95 ?? null };
}

/** The report with null where it has no value. */
export function filled(report: SecondReport): RunReport {
  const { responseTime, serviceTime, serverTime, oneWay } = report;
  return {
    ...report,
    responseTime: timesOf(responseTime),
    serviceTime: timesOf(serviceTime),
    serverTime: timesOf(serverTime),
    oneWay: { ...oneWay, up: timesOf(oneWay?.up), down: timesOf(oneWay?.down) },
  };
}
