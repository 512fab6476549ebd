/** Which way were the lost packets going? The lab knows; a stateful reflector's numbers tell; an echo cannot say. */
import { clamp } from "../../base/numbers.ts";
import type { Recorder } from "./recorder.ts";

/** What a lab says about one session (GET /sessions/{ssid}); packets, not copies. */
export interface SessionSummary {
  readonly protocol: string;
  readonly source: string;
  readonly received: { readonly unique: number; readonly duplicate: number };
  /** Those that no fault dropped before they were handled. */
  readonly handled: number;
  readonly answered: number;
  readonly dropped: { readonly up: number; readonly down: number };
  /** Handled, but not answered for a reason that is no fault: the delay queue was full, the send failed. */
  readonly discarded: number;
}

/** Where the directions come from; in words in `EVIDENCE`. */
export type Evidence = "lab" | "reflector" | "target" | "none";

/** What each kind of evidence means, for the report. */
export const EVIDENCE: Readonly<Record<Evidence, string>> = {
  lab: "by the lab's session summary",
  reflector: "by the reflector's own sequence numbers; losses after its last answer stay unexplained",
  target: "by the target's X-Wirelab-Fate; packets without any answer stay unexplained",
  none: "nothing tells which way; a round trip is all that is known",
};

/** The lost packets by direction. `dropped*` are those of them that the target dropped on purpose. */
export interface Directions {
  readonly lostUp: number;
  readonly lostDown: number;
  readonly unexplained: number;
  readonly droppedUp: number;
  readonly droppedDown: number;
  readonly evidence: Evidence;
  /** Packets that the lab still held back when it was asked last. */
  readonly waiting: number;
}

/** `text`, an answer of /sessions/{ssid}, as summaries of the sessions of `protocol` from one of `ports`; undefined where it is something else. */
export function readSummary(body: unknown, protocol: string, ports: ReadonlySet<number>): SessionSummary[] | undefined {
  if (typeof body !== "object" || body === null || !("sessions" in body) || !Array.isArray(body.sessions))
    return undefined;
  const sessions: unknown[] = body.sessions;
  const ours = sessions.filter(isSummary).filter((session) => session.protocol === protocol);
  const fromOurPorts = ours.filter((session) =>
    ports.has(Number(session.source.slice(session.source.lastIndexOf(":") + 1))),
  );
  // Behind an address translation no port is ours; the random session id alone has to tell then.
  return fromOurPorts.length > 0 ? fromOurPorts : ours;
}

function isSummary(value: unknown): value is SessionSummary {
  if (typeof value !== "object" || value === null) return false;
  const has = (object: object, key: string) => typeof Reflect.get(object, key) === "number";
  const part = (key: string): object => {
    const inner: unknown = Reflect.get(value, key);
    return typeof inner === "object" && inner !== null ? inner : {};
  };
  return (
    typeof Reflect.get(value, "protocol") === "string" &&
    typeof Reflect.get(value, "source") === "string" &&
    ["handled", "answered", "discarded"].every((key) => has(value, key)) &&
    has(part("received"), "unique") &&
    has(part("dropped"), "up") &&
    has(part("dropped"), "down")
  );
}

/** Directions by the lab's word: what it never handled was lost on the way up, what it handled and we never saw, down. */
export function settleByLab(recorder: Recorder, sessions: readonly SessionSummary[]): Directions {
  const { sent, lost } = recorder.counts;
  const sum = (of: (session: SessionSummary) => number) => sessions.reduce((total, session) => total + of(session), 0);
  const handled = sum((session) => session.handled);
  const lostUp = clamp(sent - handled, 0, lost);
  const lostDown = clamp(handled - (sent - lost), 0, lost - lostUp);
  return {
    lostUp,
    lostDown,
    unexplained: lost - lostUp - lostDown,
    droppedUp: clamp(
      sum((session) => session.dropped.up),
      0,
      lostUp,
    ),
    droppedDown: clamp(
      sum((session) => session.dropped.down),
      0,
      lostDown,
    ),
    evidence: "lab",
    waiting: Math.max(0, handled - sum((session) => session.answered + session.dropped.down + session.discarded)),
  };
}

/**
 * Directions by the reflector's sequence numbers (RFC 8762 section 4.3, stateful mode): it has answered up to its
 * highest number, so those of its numbers that never came were lost on the way down, and what is missing before that
 * answer besides them, on the way up.
 */
export function settleByReflector(recorder: Recorder): Directions {
  const { lost } = recorder.counts;
  const { reflected, seen, lostBefore } = recorder.reflector;
  const lostDown = clamp(reflected - seen, 0, Math.min(lost, lostBefore));
  const lostUp = clamp(lostBefore - lostDown, 0, lost - lostDown);
  return {
    lostUp,
    lostDown,
    unexplained: lost - lostUp - lostDown,
    droppedUp: 0,
    droppedDown: 0,
    evidence: "reflector",
    waiting: 0,
  };
}

/** Directions by the target's own word on each packet (HTTP). */
export function settleByTarget(recorder: Recorder): Directions {
  const { lost, toldUp, toldDown } = recorder.counts;
  const lostUp = clamp(toldUp, 0, lost);
  const lostDown = clamp(toldDown, 0, lost - lostUp);
  const evidence = lostUp + lostDown > 0 ? "target" : "none";
  return {
    lostUp,
    lostDown,
    unexplained: lost - lostUp - lostDown,
    droppedUp: lostUp,
    droppedDown: lostDown,
    evidence,
    waiting: 0,
  };
}

/** No direction is known. */
export function settleByNothing(recorder: Recorder): Directions {
  const { lost } = recorder.counts;
  return { lostUp: 0, lostDown: 0, unexplained: lost, droppedUp: 0, droppedDown: 0, evidence: "none", waiting: 0 };
}
