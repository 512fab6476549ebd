/**
 * The directions of an HTTP run's losses. A request that the faults `close` and `stall` lose gets no response that names the
 * direction, so that the lab is asked for it at the end of the run, by the id that the run's requests have.
 */
import type { Recorder } from "../recorder.ts";
import { fetchJson } from "./lab-summary.ts";
import { attributeByTarget, type Directions, directionsOf } from "./loss-direction.ts";

/** Requests of a session that the lab's faults lost, by direction. */
interface HttpLosses {
  readonly up: number;
  readonly down: number;
}

/** Why the counts of a lab are not used. */
const SENT_AGAIN =
  "the lab lost more requests of this run than the run: something between them sends requests again, such as a proxy";

/** A random id for the requests of a run: 16 hexadecimal digits. */
export function newHttpSession(): string {
  return crypto.getRandomValues(Buffer.alloc(8)).toString("hex");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Parses a response of `/http-sessions/{id}`; undefined for anything else. */
export function parseHttpLosses(body: unknown, id: string): HttpLosses | undefined {
  const { id: named, dropped } = Object(body);
  const { up, down } = Object(dropped);
  return named === id && isCount(up) && isCount(down) ? { up, down } : undefined;
}

/** The losses of the session `id` at the lab at `origin`; undefined if no lab responds there. */
async function fetchHttpLosses(origin: URL, id: string): Promise<HttpLosses | undefined> {
  return parseHttpLosses(await fetchJson(new URL(`/http-sessions/${id}`, origin)), id);
}

/**
 * By the lab's counts of the session, which contain the losses that its responses reported. Losses that no fault caused are
 * unexplained.
 */
function attributeByHttpSession(recorder: Recorder, losses: HttpLosses): Directions {
  const { counts } = recorder;
  const up = Math.max(losses.up, counts.reportedUp);
  const down = Math.max(losses.down, counts.reportedDown);
  if (up + down > counts.lost) return { ...attributeByTarget(recorder), reason: SENT_AGAIN };
  return directionsOf(counts.lost, { lostUp: up, lostDown: down, droppedUp: up, droppedDown: down }, "lab");
}

/** The attribution of a run whose losses the target's responses explain, or the lab at `origin`. */
export async function attributeHttp(recorder: Recorder, origin: URL | undefined, id: string): Promise<Directions> {
  const byTarget = attributeByTarget(recorder);
  if (byTarget.unexplained === 0 || origin === undefined) return byTarget;
  const losses = await fetchHttpLosses(origin, id);
  return losses && losses.up + losses.down > 0 ? attributeByHttpSession(recorder, losses) : byTarget;
}
