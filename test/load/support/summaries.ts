/** Session summaries as a lab returns them. */
import type { LabSummary, SessionSummary } from "../../../src/load/measure/directions/session-summary.ts";

/** The target's port in these summaries. */
export const TARGET_PORT = 7000;

/** A session's summary with these counts; the others are 0. */
export function summaryOf(counts: Partial<SessionSummary>): SessionSummary {
  return {
    protocol: "udp",
    source: "127.0.0.1:1",
    local: { address: "127.0.0.1", port: TARGET_PORT },
    ageSeconds: 0,
    received: { unique: 0, duplicate: 0 },
    handled: 0,
    answered: 0,
    dropped: { up: 0, down: 0 },
    discarded: 0,
    ...counts,
  };
}

/** The response of a lab that receives UDP and TCP on the target's port. */
export function labSummaryOf(sessions: readonly SessionSummary[], changes: Partial<LabSummary> = {}): LabSummary {
  const listeners = ["udp", "tcp"].map((protocol) => ({ protocol, port: TARGET_PORT, receiveBufferDrops: 0 }));
  return { instance: "lab", listeners, evictedSessions: 0, sessions, ...changes };
}
