/**
 * Attributes losses to the upstream or downstream direction: from a lab's session summary, a stateful reflector's
 * sequence numbers, or the target's own responses. An echo server gives no information.
 */
import { clamp } from "../../../base/numbers.ts";
import { isProtocol, REGISTRY } from "../../../base/protocol.ts";
import type { Recorder } from "../recorder.ts";
import { type SessionSummary, sumOf } from "./session-summary.ts";

/** The source of an attribution. */
export type AttributionSource = "relay" | "lab" | "reflector" | "target" | "none";

/** Descriptions of the sources, for reports. */
export const ATTRIBUTION: Readonly<Record<AttributionSource, string>> = {
  relay: "from the relay's counts",
  lab: "from the lab's session summary",
  reflector: "from the reflector's sequence numbers; losses after its last answer are unexplained",
  target: "from the target's X-Wirelab-Fate header; packets without any answer are unexplained",
  none: "unknown: only the round trip was measured",
};

/** The lost packets by direction. */
export interface Directions {
  readonly lostUp: number;
  readonly lostDown: number;
  readonly unexplained: number;
  /** Those of `lostUp` that the target's faults dropped. */
  readonly droppedUp: number;
  /** Those of `lostDown` that the target's faults dropped. */
  readonly droppedDown: number;
  readonly evidence: AttributionSource;
  /** Why a better source was not used, or not for all losses; and that the session id was changed. */
  readonly reason?: string;
  /** Of `lostUp`, at most so many were dropped at the target's full receive buffer; undefined where not known. */
  readonly targetBuffer?: number;
  /** Packets that the lab still held, for instance for a delay fault, when it was last queried. */
  readonly heldByLab: number;
}

/** The source of an attribution in words, with the reason why a better one was not used. */
export function attributionText({ evidence, reason }: Directions): string {
  return reason === undefined ? ATTRIBUTION[evidence] : `${ATTRIBUTION[evidence]} (${reason})`;
}

/** Counts by direction that are not yet limited to the number of losses. */
export type DirectionCounts = Pick<Directions, "lostUp" | "lostDown" | "droppedUp" | "droppedDown">;

/** Limits counts to the `lost` packets that there are; the rest is unexplained. */
export function directionsOf(lost: number, counts: DirectionCounts, evidence: AttributionSource): Directions {
  const lostUp = clamp(counts.lostUp, 0, lost);
  const lostDown = clamp(counts.lostDown, 0, lost - lostUp);
  return {
    lostUp,
    lostDown,
    unexplained: lost - lostUp - lostDown,
    droppedUp: clamp(counts.droppedUp, 0, lostUp),
    droppedDown: clamp(counts.droppedDown, 0, lostDown),
    evidence,
    heldByLab: 0,
  };
}

/**
 * By the lab's summary: packets that it did not handle were lost upstream, the other lost ones downstream. A connection
 * loses no answers on the way, so there only those that the lab dropped or discarded were lost downstream; the others
 * were still owed when the connection closed or the waiting time ended, and are unexplained.
 * @param bufferDrops datagrams of all senders that the kernel dropped at the target's receive buffer during the run
 */
export function attributeByLab(
  { counts }: Recorder,
  sessions: readonly SessionSummary[],
  bufferDrops?: number,
): Directions {
  const { sent, lost } = counts;
  const isConnection = sessions.some(({ protocol }) => isProtocol(protocol) && REGISTRY[protocol].transport === "tcp");
  const handled = sumOf(sessions, (session) => session.handled);
  const finished = sumOf(sessions, ({ answered, dropped, discarded }) => answered + dropped.down + discarded);
  const byDirection = {
    lostUp: sent - handled,
    lostDown: isConnection
      ? sumOf(sessions, ({ dropped, discarded }) => dropped.down + discarded)
      : handled - (sent - lost),
    droppedUp: sumOf(sessions, ({ dropped }) => dropped.up),
    droppedDown: sumOf(sessions, ({ dropped }) => dropped.down),
  };
  const heldByLab = Math.max(0, handled - finished) + sumOf(sessions, ({ onWayUp = 0 }) => onWayUp);
  const directions = { ...directionsOf(lost, byDirection, "lab"), heldByLab };
  if (bufferDrops === undefined) return directions;
  return { ...directions, targetBuffer: Math.min(bufferDrops, directions.lostUp - directions.droppedUp) };
}

const FOREIGN_NUMBERS = "the reflector restarted, or numbers the answers of several sessions together";
const COPIES_UPSTREAM = "packets were duplicated upstream, so that missing numbers may be those of copies";
const UNCOUNTED_ANSWERS = "some missing numbers may be those of answers that arrived damaged or too late";

/**
 * By a stateful reflector's sequence numbers (RFC 8762 section 4.3), which count its answers: numbers up to the highest
 * that did not arrive were lost downstream. The other packets lost before that answer were lost upstream. A missing
 * number can also be that of a damaged or very late answer, or of the answer to a copy that was made upstream. Such
 * losses are unexplained: each direction has only the losses that are certain. So are those just before the last answer
 * if packets overtook each other upstream, because they may have reached the reflector after it.
 */
export function attributeByReflector({ counts, reflector, foreignNumbers }: Recorder): Directions {
  const { lost, corrupt, unknownAnswers, duplicateUp } = counts;
  if (foreignNumbers) {
    const reason = duplicateUp > 0 ? `packets were duplicated upstream, or ${FOREIGN_NUMBERS}` : FOREIGN_NUMBERS;
    return { ...unattributed({ counts }), reason };
  }
  const { reflected, arrived, lostBefore, overtaken } = reflector;
  const missing = Math.max(0, reflected - arrived);
  const uncounted = corrupt + unknownAnswers;
  const lostDown = duplicateUp > 0 ? 0 : clamp(missing - uncounted, 0, Math.min(lost, lostBefore));
  const lostUp = clamp(lostBefore - missing - overtaken, 0, lost - lostDown);
  const directions = directionsOf(lost, { lostUp, lostDown, droppedUp: 0, droppedDown: 0 }, "reflector");
  if (duplicateUp > 0) return { ...directions, reason: COPIES_UPSTREAM };
  return uncounted > 0 && directions.unexplained > 0 ? { ...directions, reason: UNCOUNTED_ANSWERS } : directions;
}

/**
 * Whether the numbers of a lab's answers show more losses in a direction than its summary does. Only where each number is
 * that of one packet: without copies, damaged, reordered, very late or discarded answers, over datagrams.
 */
export function contradictsNumbers(
  recorder: Recorder,
  byLab: Directions,
  sessions: readonly SessionSummary[],
): boolean {
  const { counts, statefulAnswers, foreignNumbers } = recorder;
  const { duplicate, corrupt, reordered, unknownAnswers } = counts;
  const others = sumOf(sessions, ({ discarded, received }) => discarded + received.duplicate);
  const isDatagram = sessions.every(({ protocol }) => isProtocol(protocol) && REGISTRY[protocol].transport === "udp");
  const isExact = duplicate + corrupt + reordered + unknownAnswers + others === 0 && isDatagram && !foreignNumbers;
  if (!isExact || statefulAnswers === 0) return false;
  const byNumbers = attributeByReflector(recorder);
  return byNumbers.lostUp > byLab.lostUp || byNumbers.lostDown > byLab.lostDown;
}

/** By the drops that the target's own responses reported; unknown if there were none. */
export function attributeByTarget({ counts: { lost, reportedUp, reportedDown } }: Recorder): Directions {
  const lostUp = clamp(reportedUp, 0, lost);
  const lostDown = clamp(reportedDown, 0, lost - lostUp);
  const byDirection = { lostUp, lostDown, droppedUp: lostUp, droppedDown: lostDown };
  return directionsOf(lost, byDirection, lostUp + lostDown > 0 ? "target" : "none");
}

/** All losses unexplained. */
export function unattributed({ counts }: Pick<Recorder, "counts">): Directions {
  return directionsOf(counts.lost, { lostUp: 0, lostDown: 0, droppedUp: 0, droppedDown: 0 }, "none");
}
