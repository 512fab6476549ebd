/** Queries a lab for the summary of a run's sessions, and decides whether it can be used for the run. */
import { formatCount } from "../../../base/format.ts";
import {
  isConsistent,
  type LabSummary,
  listenerOf,
  ownSessions,
  parseSummary,
  type RunIdentity,
  type SessionSummary,
  sumOf,
} from "./session-summary.ts";

const REQUEST_TIMEOUT_MS = 2000;
/** Longest response that is read, octets: more than a summary of 10,000 sessions. */
const MAX_RESPONSE_BYTES = 8 * 2 ** 20;
/** By how much the clocks of the lab and the sender may differ in rate, and their readings in resolution, s. */
const CLOCK_RATE_TOLERANCE = 0.001;
const CLOCK_TOLERANCE_SECONDS = 0.002;

/** The sessions of a run in a summary that can be used, or the reason why the summary cannot be used. */
export type Verified =
  | { readonly sessions: readonly SessionSummary[]; readonly reason?: undefined }
  | {
      readonly sessions?: undefined;
      readonly reason: string;
      /** Whether the lab has forgotten sessions of the run, so that the numbers of its answers can have begun again. */
      readonly numbersRestart?: true;
    };

/** State of the sender when it receives a summary. */
export interface SenderState {
  /** Packets that had an answer when the query was sent. */
  readonly arrived: number;
  /** Packets sent when the response arrived. */
  readonly sent: number;
  /** Time from the start of the run to the response, s. */
  readonly elapsedSeconds: number;
  /** The run's sessions in an earlier summary. */
  readonly earlier?: readonly SessionSummary[];
}

/** The lab's summary of the sessions with one id; undefined if no lab responds at `controlUrl`. */
export async function fetchSummary(controlUrl: URL, ssid: number): Promise<LabSummary | undefined> {
  return parseSummary(await fetchJson(new URL(`sessions/${ssid}`, controlUrl)));
}

/** The JSON of a successful response; undefined for any other, and without one. */
export async function fetchJson(url: URL): Promise<unknown> {
  try {
    return JSON.parse((await fetchText(url)) ?? "");
  } catch {
    return undefined; // not JSON: not a lab
  }
}

/** The body of a successful response; undefined for any other, and without one after as many `tries`. */
export async function fetchText(url: URL, tries = 1): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      redirect: "error",
      headers: { "accept-encoding": "identity" },
      decompress: false, // a short body could become a long one
    });
    return response.ok ? await readText(response) : undefined;
  } catch (error) {
    // Its packets can have been lost; a new connection does not wait for them.
    if (tries > 1 && error instanceof DOMException && error.name === "TimeoutError")
      return await fetchText(url, tries - 1);
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
 * Whether `summary` describes the run: it comes from the expected instance of the lab, that lab has the target's port
 * and has evicted no session with its id since, and its counts agree with each other and with those of the sender.
 */
export function verify(
  summary: LabSummary,
  expected: Pick<LabSummary, "instance" | "evictedSessions">,
  run: RunIdentity,
  sender: SenderState,
): Verified {
  const { protocol, targetPort } = run;
  if (summary.instance !== expected.instance)
    return { reason: "the lab restarted during the run", numbersRestart: true };
  if (listenerOf(summary, run) === undefined) {
    return { reason: `the lab does not receive ${protocol} packets on the target's port ${targetPort}` };
  }
  if (summary.evictedSessions !== expected.evictedSessions) {
    const size = summary.sessionLimit === undefined ? "" : `${formatCount(summary.sessionLimit)} `;
    return { reason: `the lab's table of ${size}sessions was full, and it evicted sessions`, numbersRestart: true };
  }
  const sessions = ownSessions(summary, run);
  if (sessions === undefined) return { reason: OTHER_SENDER };
  if (sessions.length === 0) {
    return { reason: "the lab has no session of this run: it is not the target, or no packet reached it" };
  }
  const reason = contradictionOf(sessions, sender);
  return reason === undefined ? { sessions } : { reason };
}

/**
 * Sums of a session's counts that never decrease. A further copy of a packet can be answered where the first was not, so
 * that the packets without an answer decrease by as many as there are copies.
 */
const GROWING: readonly ((session: SessionSummary) => number)[] = [
  ({ handled }) => handled,
  ({ answered }) => answered,
  ({ received }) => received.unique,
  ({ received }) => received.duplicate,
  ({ dropped, received }) => dropped.up + received.duplicate,
  ({ dropped, received }) => dropped.down + received.duplicate,
  ({ discarded, received }) => discarded + received.duplicate,
];

/** Reasons that show that the lab's counts are wrong, so that no later summary of it is used either. */
export const CONTRADICTIONS: ReadonlySet<string> = new Set([
  "the lab's counts contradict each other",
  "the lab's counts decreased during the run",
]);

const OTHER_SENDER = "another sender uses the same session id";

/** Why the counts of the sessions cannot be those of the run; undefined if they can. */
function contradictionOf(
  sessions: readonly SessionSummary[],
  { arrived, sent, elapsedSeconds, earlier = [] }: SenderState,
): string | undefined {
  const handled = sumOf(sessions, (session) => session.handled);
  const unique = ({ received }: SessionSummary) => received.unique;
  const longest = elapsedSeconds * (1 + CLOCK_RATE_TOLERANCE) + CLOCK_TOLERANCE_SECONDS;
  if (!sessions.every(isConsistent)) return "the lab's counts contradict each other";
  if (sumOf(sessions, unique) > sent || sessions.some(({ ageSeconds }) => ageSeconds > longest)) return OTHER_SENDER;
  if (handled < arrived) return "the lab handled fewer packets than were answered";
  if (earlier.length > 0 && GROWING.some((count) => sumOf(sessions, count) < sumOf(earlier, count))) {
    return "the lab's counts decreased during the run";
  }
  return undefined;
}
