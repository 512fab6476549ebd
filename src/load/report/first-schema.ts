/** Reports of schema wirelab.run/1: completed to the present shape, so that they can be read and compared. */
import type { RunReport } from "./report.ts";

/** The schema whose one-way times were clipped at 0 and whose `comparable` meant that both ends were on one host. */
export const FIRST_SCHEMA = "wirelab.run/1";

/** What a report of that schema contains. */
export type FirstReport = Omit<RunReport, "schema" | "oneWay" | "jitter" | AddedKey> & {
  readonly oneWay: Omit<RunReport["oneWay"], "drift">;
  readonly jitter: Omit<RunReport["jitter"], "rfc3550Mean" | "up" | "down">;
};

type AddedKey = "receiveDelay" | "clockSteps" | "reflectorClock";

/** The report with null where the first schema had no value. Its one-way times are not comparable. */
export function completed(report: FirstReport): RunReport {
  return {
    ...report,
    schema: "wirelab.run/2",
    oneWay: { ...report.oneWay, comparable: false, drift: null },
    receiveDelay: { p50: null, p99: null, max: null },
    clockSteps: [],
    reflectorClock: null,
    jitter: { ...report.jitter, rfc3550Mean: null, up: null, down: null },
  };
}
