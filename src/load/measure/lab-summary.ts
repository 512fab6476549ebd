/** Queries a lab for the summary of a run's sessions, and decides whether it can be used for the run. */
import {
  type LabSummary,
  listenerOf,
  ownSessions,
  parseSummary,
  type RunIdentity,
  type SessionSummary,
  sumOf,
} from "./session-summary.ts";

const REQUEST_TIMEOUT_MS = 2000;
/** Longest response that is read, octets: a lab's largest table of sessions fits. */
const MAX_RESPONSE_BYTES = 2 ** 20;

/** A summary that speaks for the run, or the reason why it does not. */
export type Verified =
  | { readonly sessions: readonly SessionSummary[]; readonly reason?: undefined }
  | { readonly sessions?: undefined; readonly reason: string };

/** The sender's counts around a query, between which those of the lab must lie. */
export interface QueryCounts {
  /** Packets that had an answer when the query was sent. */
  readonly arrived: number;
  /** Packets sent when the response arrived. */
  readonly sent: number;
}

/** The lab's summary of the sessions with one id; undefined if no lab responds at `controlUrl`. */
export async function fetchSummary(controlUrl: URL, ssid: number): Promise<LabSummary | undefined> {
  try {
    const url = new URL(`sessions/${ssid}`, controlUrl);
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS), redirect: "error" });
    if (!response.ok) return undefined;
    return parseSummary(JSON.parse(await readText(response)));
  } catch {
    // Refused, not a lab, or too slow: in each case the run uses another source.
    return undefined;
  }
}

/** The body as text. Throws if it is longer than a summary can be. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) throw new RangeError("the response is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * Whether `summary` speaks for the run: it comes from the lab that `first` came from, that lab has the target's port and
 * has forgotten no session, and its counts agree with those of the sender.
 */
export function verify(summary: LabSummary, first: LabSummary, run: RunIdentity, counts: QueryCounts): Verified {
  const { protocol, targetPort } = run;
  if (summary.instance !== first.instance) return { reason: "the lab restarted during the run" };
  if (listenerOf(summary, run) === undefined) {
    return { reason: `the lab does not receive ${protocol} packets on the target's port ${targetPort}` };
  }
  const sessions = ownSessions(summary, run);
  if (sessions.length === 0) return { reason: "the lab has no session of this run, so it is not the target" };
  if (summary.evictedSessions !== first.evictedSessions) {
    return { reason: "the lab's table of sessions was full, and it forgot sessions" };
  }
  if (sessions.length > run.ports.size || sumOf(sessions, ({ received }) => received.unique) > counts.sent) {
    return { reason: "another sender uses the same session id" };
  }
  if (sumOf(sessions, ({ handled }) => handled) < counts.arrived) {
    return { reason: "the lab handled fewer packets than were answered" };
  }
  return { sessions };
}
