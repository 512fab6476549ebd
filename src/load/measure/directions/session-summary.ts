/** A lab's summary of a run's sessions, the response of `GET /sessions/{ssid}`, and which of its sessions are the run's. */
import { isJsonObject } from "../../../base/json.ts";

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
  /** Time since the first packet, s. */
  readonly ageSeconds: number;
  readonly received: { readonly unique: number; readonly duplicate: number };
  /** Packets that no fault dropped upstream. */
  readonly handled: number;
  readonly answered: number;
  /** Packets that a fault dropped, by direction. */
  readonly dropped: { readonly up: number; readonly down: number };
  /** Packets handled but not answered, because the delay queue was full or the send failed. */
  readonly discarded: number;
  /** Packets that a fault delays on the way up, in no other count; undefined if the lab does not say. */
  readonly onWayUp?: number;
}

/** A response of `/sessions/{ssid}`. */
export interface LabSummary {
  /** Identifies the lab between its start and its end. */
  readonly instance: string;
  readonly listeners: readonly LabListener[];
  /** Sessions with the id that the lab has evicted since its start, because its table was full. */
  readonly evictedSessions: number;
  /** Most sessions in that table; undefined if the lab does not say. */
  readonly sessionLimit?: number;
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

/** Whether every key has a count: a whole number from 0. */
function hasCounts(value: unknown, keys: readonly string[]): boolean {
  return isJsonObject(value) && keys.every((key) => Number.isSafeInteger(value[key]) && Number(value[key]) >= 0);
}

function hasPort(value: unknown): boolean {
  return isJsonObject(value) && hasCounts(value, ["port"]) && Number(value.port) < 65_536;
}

function isListener(value: unknown): value is LabListener {
  if (!isJsonObject(value) || typeof value.protocol !== "string" || !hasPort(value)) return false;
  return value.receiveBufferDrops === null || hasCounts(value, ["receiveBufferDrops"]);
}

function isSession(value: unknown): value is SessionSummary {
  return (
    isJsonObject(value) &&
    typeof value.protocol === "string" &&
    typeof value.source === "string" &&
    Number.isFinite(value.ageSeconds) &&
    Number(value.ageSeconds) >= 0 &&
    hasPort(value.local) &&
    hasCounts(value, ["handled", "answered", "discarded"]) &&
    (value.onWayUp === undefined || hasCounts(value, ["onWayUp"])) &&
    hasCounts(value.received, ["unique", "duplicate"]) &&
    hasCounts(value.dropped, ["up", "down"])
  );
}

/** Parses a response body; undefined for anything but a summary that names its lab. */
export function parseSummary(body: unknown): LabSummary | undefined {
  if (!isJsonObject(body) || typeof body.instance !== "string" || !hasCounts(body, ["evictedSessions"]))
    return undefined;
  const { instance, listeners, sessions, sessionLimit } = body;
  if (sessionLimit !== undefined && !hasCounts(body, ["sessionLimit"])) return undefined;
  if (!Array.isArray(listeners) || !listeners.every(isListener)) return undefined;
  if (!Array.isArray(sessions) || !sessions.every(isSession)) return undefined;
  const limit = sessionLimit === undefined ? {} : { sessionLimit: Number(sessionLimit) };
  return { instance, listeners, evictedSessions: Number(body.evictedSessions), sessions, ...limit };
}

/** The listener of the lab that has the target's protocol and port; undefined if the target is not this lab. */
export function listenerOf(
  { listeners }: Pick<LabSummary, "listeners">,
  { protocol, targetPort }: Pick<RunIdentity, "protocol" | "targetPort">,
): LabListener | undefined {
  return listeners.find((listener) => listener.protocol === protocol && listener.port === targetPort);
}

/** Whether the counts of a session can be true at the same time: each packet is in one state. */
export function isConsistent({ received, handled, answered, dropped, discarded }: SessionSummary): boolean {
  return handled + dropped.up === received.unique && answered + dropped.down + discarded <= handled;
}

function portOf(source: string): number {
  return Number(source.slice(source.lastIndexOf(":") + 1));
}

/**
 * The sessions of the run: those on the target's port that come from its sockets. Address translation changes the source
 * ports; then all sessions on the target's port, which have the run's random session id. Undefined if they cannot be
 * told from those of another sender with the same session id.
 */
export function ownSessions({ sessions }: LabSummary, run: RunIdentity): readonly SessionSummary[] | undefined {
  const onPort = sessions.filter(({ protocol, local }) => protocol === run.protocol && local.port === run.targetPort);
  const fromPorts = onPort.filter(({ source }) => run.ports.has(portOf(source)));
  if (fromPorts.length === 0) return onPort.length > run.ports.size ? undefined : onPort;
  // A session from another port belongs to another sender, unless it is that of a socket whose port was translated.
  const isComplete = fromPorts.length === run.ports.size || fromPorts.length === onPort.length;
  return isComplete ? fromPorts : undefined;
}

/** Sum of one count over sessions. */
export function sumOf(sessions: readonly SessionSummary[], count: (session: SessionSummary) => number): number {
  return sessions.reduce((total, session) => total + count(session), 0);
}
