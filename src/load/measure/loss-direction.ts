/**
 * Attributes losses to the upstream or downstream direction: from a lab's session summary, a stateful reflector's
 * sequence numbers, or the target's own responses. An echo server gives no information.
 */
import { clamp } from "../../base/numbers.ts";
import type { Recorder } from "./recorder.ts";
import { type SessionSummary, sumOf } from "./session-summary.ts";

/** The source of an attribution. */
export type AttributionSource = "lab" | "reflector" | "target" | "none";

/** Descriptions of the sources, for reports. */
const ATTRIBUTION: Readonly<Record<AttributionSource, string>> = {
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
  /** Why a source was not used, or not for all losses. */
  readonly reason?: string;
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

/** By the lab's summary: packets that it did not handle were lost upstream, the other lost ones downstream. */
export function attributeByLab({ counts }: Recorder, sessions: readonly SessionSummary[]): Directions {
  const { sent, lost } = counts;
  const handled = sumOf(sessions, (session) => session.handled);
  const finished = sumOf(sessions, ({ answered, dropped, discarded }) => answered + dropped.down + discarded);
  const byDirection = {
    lostUp: sent - handled,
    lostDown: handled - (sent - lost),
    droppedUp: sumOf(sessions, ({ dropped }) => dropped.up),
    droppedDown: sumOf(sessions, ({ dropped }) => dropped.down),
  };
  return { ...directionsOf(lost, byDirection, "lab"), heldByLab: Math.max(0, handled - finished) };
}

const FOREIGN_NUMBERS = "the reflector restarted, or numbers the answers of several sessions together";
const COPIES_UPSTREAM = "packets were duplicated upstream, so that missing numbers may be those of copies";

/**
 * By a stateful reflector's sequence numbers (RFC 8762 section 4.3), which count its answers: numbers up to the highest
 * that did not arrive were lost downstream. The other packets lost before that answer were lost upstream. Where copies
 * were made upstream, a missing number may be the answer to a copy: only the losses beyond the missing numbers are then
 * known, as upstream.
 */
export function attributeByReflector({ counts, reflector, foreignNumbers }: Recorder): Directions {
  if (foreignNumbers) return { ...unattributed({ counts }), reason: FOREIGN_NUMBERS };
  const { lost } = counts;
  const { reflected, arrived, lostBefore } = reflector;
  if (counts.duplicateUp > 0) {
    const lostUp = lostBefore - Math.max(0, reflected - arrived);
    const known = directionsOf(lost, { lostUp, lostDown: 0, droppedUp: 0, droppedDown: 0 }, "reflector");
    return { ...known, reason: COPIES_UPSTREAM };
  }
  const lostDown = clamp(reflected - arrived, 0, Math.min(lost, lostBefore));
  const lostUp = clamp(lostBefore - lostDown, 0, lost - lostDown);
  return directionsOf(lost, { lostUp, lostDown, droppedUp: 0, droppedDown: 0 }, "reflector");
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
