/** The identity of a running lab, by which a sender recognises a restart between two session summaries. */

/** One lab between its start and its end. */
export interface Instance {
  /** Random, another value after each start. */
  readonly instance: string;
  /** Start of the lab by its own wall clock, ISO 8601. */
  readonly startedAt: string;
}

/** A new identity, for a lab that starts at the wall-clock time `startedAt` (ms since the Unix epoch). */
export function newInstance(startedAt: number): Instance {
  return { instance: crypto.randomUUID(), startedAt: new Date(startedAt).toISOString() };
}
