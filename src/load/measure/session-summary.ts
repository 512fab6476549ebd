/** A lab's summary of a run's sessions, the response of `GET /sessions/{ssid}`. */

/** The summary of one session. Its counts are of packets, without copies. */
export interface SessionSummary {
  readonly protocol: string;
  /** The sender's address and port. */
  readonly source: string;
  readonly received: { readonly unique: number; readonly duplicate: number };
  /** Packets that no fault dropped upstream. */
  readonly handled: number;
  readonly answered: number;
  /** Packets that a fault dropped, by direction. */
  readonly dropped: { readonly up: number; readonly down: number };
  /** Packets handled but not answered, because the delay queue was full or the send failed. */
  readonly discarded: number;
}

/** The session summaries in a response body that belong to `protocol` and one of `ports`; undefined for any other body. */
export function readSummary(body: unknown, protocol: string, ports: ReadonlySet<number>): SessionSummary[] | undefined {
  if (typeof body !== "object" || body === null || !("sessions" in body) || !Array.isArray(body.sessions)) {
    return undefined;
  }
  const sessions: unknown[] = body.sessions;
  const sameProtocol = sessions.filter(isSummary).filter((session) => session.protocol === protocol);
  const samePorts = sameProtocol.filter(({ source }) => ports.has(Number(source.slice(source.lastIndexOf(":") + 1))));
  // Address translation changes the ports; then the random session id alone identifies the run's sessions.
  return samePorts.length > 0 ? samePorts : sameProtocol;
}

function hasNumbers(value: unknown, keys: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  return keys.every((key) => typeof Reflect.get(value, key) === "number");
}

function isSummary(value: unknown): value is SessionSummary {
  if (typeof value !== "object" || value === null) return false;
  return (
    typeof Reflect.get(value, "protocol") === "string" &&
    typeof Reflect.get(value, "source") === "string" &&
    hasNumbers(value, ["handled", "answered", "discarded"]) &&
    hasNumbers(Reflect.get(value, "received"), ["unique"]) &&
    hasNumbers(Reflect.get(value, "dropped"), ["up", "down"])
  );
}

/** Sum of one count over sessions. */
export function sumOf(sessions: readonly SessionSummary[], count: (session: SessionSummary) => number): number {
  return sessions.reduce((total, session) => total + count(session), 0);
}
