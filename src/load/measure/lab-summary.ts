/** Queries a lab for the summary of a run's sessions. */
import { type Clock, sleep } from "../../base/clock.ts";
import { attributeByLab, type Directions } from "./loss-direction.ts";
import type { Recorder } from "./recorder.ts";
import { readSummary, type SessionSummary, sumOf } from "./session-summary.ts";

const REQUEST_TIMEOUT_MS = 2000;
const RETRY_MS = 50;
/** Least time for which a lab that responded at the start is queried at the end, because its link may lose packets. */
const MIN_PATIENCE_MS = 5000;

/** The sessions to ask for. */
export interface SummaryRequest {
  /** Base of the lab's control routes. */
  readonly controlUrl: URL;
  readonly ssid: number;
  readonly protocol: string;
  /** Local ports of the run's sockets. */
  readonly ports: ReadonlySet<number>;
}

/** The lab's summaries of the run's sessions; undefined if no lab responds. */
export async function fetchSummary(request: SummaryRequest): Promise<SessionSummary[] | undefined> {
  try {
    const url = new URL(`sessions/${request.ssid}`, request.controlUrl);
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    if (!response.ok) return undefined;
    return readSummary(await response.json(), request.protocol, request.ports);
  } catch {
    // Refused, not a lab, or too slow: in each case the run uses another source.
    return undefined;
  }
}

/** Whether the lab's sessions cover the run: it handled at least as many packets as were not lost. */
function coversRun(sessions: readonly SessionSummary[], { counts }: Recorder): boolean {
  return sumOf(sessions, ({ handled }) => handled) >= counts.sent - counts.lost;
}

/**
 * Attributes losses by the lab's summary, queried until the lab holds no packet of the run or `patienceMs` has passed.
 * Undefined if no summary that covers the run was received.
 */
export async function queryDirections(
  recorder: Recorder,
  request: SummaryRequest,
  clock: Clock,
  patienceMs: number,
): Promise<Directions | undefined> {
  const deadline = clock.now() + Math.max(patienceMs, MIN_PATIENCE_MS);
  for (;;) {
    const sessions = await fetchSummary(request);
    const isOver = clock.now() >= deadline;
    // The lab may have evicted a session, or the request may have been lost.
    if (sessions !== undefined && coversRun(sessions, recorder)) {
      const directions = attributeByLab(recorder, sessions);
      if (directions.heldByLab === 0 || isOver) return directions;
    } else if (isOver) return undefined;
    await sleep(RETRY_MS);
  }
}
