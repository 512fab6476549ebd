/** A lab's summary of a run's sessions, the response of `GET /sessions/{ssid}`, and which of its sessions are the run's. */

/** A port on which a lab receives test packets. */
export interface LabListener {
  readonly protocol: string;
  readonly port: number;
  /** Datagrams that the kernel dropped there, from all senders; null where this cannot happen. */
  readonly receiveBufferDrops: number | null;
}

/** The summary of one session. Its counts are of packets, without copies. */
export interface SessionSummary {
  readonly protocol: string;
  /** The sender's address and port. */
  readonly source: string;
  /** The lab's address and port on which the packets arrived. */
  readonly local: { readonly address: string; readonly port: number };
  readonly received: { readonly unique: number; readonly duplicate: number };
  /** Packets that no fault dropped upstream. */
  readonly handled: number;
  readonly answered: number;
  /** Packets that a fault dropped, by direction. */
  readonly dropped: { readonly up: number; readonly down: number };
  /** Packets handled but not answered, because the delay queue was full or the send failed. */
  readonly discarded: number;
}

/** A response of `/sessions/{ssid}`. */
export interface LabSummary {
  /** Identifies the lab between its start and its end. */
  readonly instance: string;
  readonly listeners: readonly LabListener[];
  /** Sessions that the lab has forgotten since its start, because its table was full. */
  readonly evictedSessions: number;
  /** Every session with the id, oldest first. */
  readonly sessions: readonly SessionSummary[];
}

/** What identifies the sessions of a run. */
export interface RunIdentity {
  readonly protocol: string;
  /** Port of the target. */
  readonly targetPort: number;
  /** Local ports of the run's sockets. */
  readonly ports: ReadonlySet<number>;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Whether every key has a count: a whole number from 0. */
function hasCounts(value: unknown, keys: readonly string[]): boolean {
  return isObject(value) && keys.every((key) => Number.isSafeInteger(value[key]) && Number(value[key]) >= 0);
}

function isListener(value: unknown): value is LabListener {
  if (!isObject(value) || typeof value.protocol !== "string" || !hasCounts(value, ["port"])) return false;
  return value.receiveBufferDrops === null || hasCounts(value, ["receiveBufferDrops"]);
}

function isSession(value: unknown): value is SessionSummary {
  return (
    isObject(value) &&
    typeof value.protocol === "string" &&
    typeof value.source === "string" &&
    hasCounts(value.local, ["port"]) &&
    hasCounts(value, ["handled", "answered", "discarded"]) &&
    hasCounts(value.received, ["unique"]) &&
    hasCounts(value.dropped, ["up", "down"])
  );
}

/** Parses a response body; undefined for anything but a summary that names its lab. */
export function parseSummary(body: unknown): LabSummary | undefined {
  if (!isObject(body) || typeof body.instance !== "string" || !hasCounts(body, ["evictedSessions"])) return undefined;
  const { instance, listeners, sessions } = body;
  if (!Array.isArray(listeners) || !listeners.every(isListener)) return undefined;
  if (!Array.isArray(sessions) || !sessions.every(isSession)) return undefined;
  return { instance, listeners, evictedSessions: Number(body.evictedSessions), sessions };
}

/** The listener of the lab that has the target's protocol and port; undefined if the target is not this lab. */
export function listenerOf(summary: LabSummary, { protocol, targetPort }: RunIdentity): LabListener | undefined {
  return summary.listeners.find((listener) => listener.protocol === protocol && listener.port === targetPort);
}

/**
 * The sessions of the run: those on the target's port that come from its sockets. Address translation changes the source
 * ports; then those with the run's random session id.
 */
export function ownSessions({ sessions }: LabSummary, run: RunIdentity): readonly SessionSummary[] {
  const onPort = sessions.filter(({ protocol, local }) => protocol === run.protocol && local.port === run.targetPort);
  const fromPorts = onPort.filter(({ source }) => run.ports.has(Number(source.slice(source.lastIndexOf(":") + 1))));
  return fromPorts.length > 0 ? fromPorts : onPort;
}

/** Sum of one count over sessions. */
export function sumOf(sessions: readonly SessionSummary[], count: (session: SessionSummary) => number): number {
  return sessions.reduce((total, session) => total + count(session), 0);
}
