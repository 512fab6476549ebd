/** Session summaries as a lab returns them. */
import type { SessionSummary } from "../../../src/load/measure/session-summary.ts";

/** A session's summary with these counts; the others are 0. */
export function summaryOf(counts: Partial<SessionSummary>): SessionSummary {
  return {
    protocol: "udp",
    source: "127.0.0.1:1",
    received: { unique: 0, duplicate: 0 },
    handled: 0,
    answered: 0,
    dropped: { up: 0, down: 0 },
    discarded: 0,
    ...counts,
  };
}
