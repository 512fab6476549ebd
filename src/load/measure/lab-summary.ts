/** Asks a lab what it knows of a run's sessions. */
import { type Clock, sleep } from "../../base/clock.ts";
import { type Directions, readSummary, type SessionSummary, settleByLab } from "./loss-direction.ts";
import type { Recorder } from "./recorder.ts";

const ASK_TIMEOUT_MS = 2000;
const ASK_AGAIN_MS = 50;
/** A lab that was there at the start is asked for this long: the way to it may be lossy. */
const LEAST_PATIENCE_MS = 5000;

/** Where and for whom the summary is asked. */
export interface SummaryRequest {
  readonly controlUrl: URL;
  readonly ssid: number;
  readonly protocol: string;
  readonly ports: ReadonlySet<number>;
}

/** The lab's summaries of the run's sessions; undefined where no lab answers there. */
export async function fetchSummary(request: SummaryRequest): Promise<SessionSummary[] | undefined> {
  try {
    const url = new URL(`sessions/${request.ssid}`, request.controlUrl);
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    if (!response.ok) return undefined;
    return readSummary(await response.json(), request.protocol, request.ports);
  } catch {
    // Nothing listens there, it is no lab, or it took too long: all the same to a run, which then goes by other evidence.
    return undefined;
  }
}

/** Whether the lab's memory covers the run: it has handled at least as many packets as came back from it. */
function knowsAll(sessions: readonly SessionSummary[], { counts }: Recorder): boolean {
  return sessions.reduce((sum, { handled }) => sum + handled, 0) >= counts.sent - counts.lost;
}

/** Settles by the lab's summary, asked again until the lab holds nothing back any more or `patienceMs` has passed. */
export async function settleWithLab(
  recorder: Recorder,
  request: SummaryRequest,
  clock: Clock,
  patienceMs: number,
): Promise<Directions | undefined> {
  const deadline = clock.now() + Math.max(patienceMs, LEAST_PATIENCE_MS);
  for (;;) {
    const sessions = await fetchSummary(request);
    const over = clock.now() >= deadline;
    // The lab may have forgotten a session, or the question may have been lost on the way.
    if (sessions !== undefined && knowsAll(sessions, recorder)) {
      const directions = settleByLab(recorder, sessions);
      if (directions.waiting === 0 || over) return directions;
    } else if (over) return undefined;
    await sleep(ASK_AGAIN_MS);
  }
}
