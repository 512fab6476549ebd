/** The places where packets were lost, apart from those that the target dropped on purpose, and where they were copied. */
import type { Directions } from "../measure/directions/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";

/** Lost packets by place; null where the number is not known. */
export interface LossPlaces {
  /** On the path: neither dropped by a fault nor at a receive buffer. */
  readonly path: number | null;
  /** At the target's full receive buffer, at most: its counter includes the datagrams of other senders. */
  readonly targetBuffer: number | null;
  /** Answers that were dropped at the run's own full receive buffers, copies included. */
  readonly ownBuffer: number | null;
}

/**
 * The places of `lost` packets.
 * @param bufferDrops answers that the kernel dropped at the run's own receive buffers; undefined where not known
 */
export function placesOf(lost: number, directions: Directions, bufferDrops: number | undefined): LossPlaces {
  const { targetBuffer, droppedUp, droppedDown } = directions;
  const isKnown = targetBuffer !== undefined && bufferDrops !== undefined;
  return {
    path: isKnown ? Math.max(0, lost - droppedUp - droppedDown - targetBuffer - bufferDrops) : null,
    targetBuffer: targetBuffer ?? null,
    ownBuffer: bufferDrops ?? null,
  };
}

/** Further answers to answered packets, by the place at which the copy was made. */
export interface DuplicatePlaces {
  /** Copies of packets: the reflector answered each with a number of its own. */
  readonly up: number;
  /** Copies of answers. */
  readonly down: number;
  /** The reflector does not number its answers. */
  readonly unexplained: number;
}

/** The places of the duplicates. Only a stateful reflector's numbers show them (RFC 8762 section 4.3). */
export function duplicatePlacesOf({ counts, statefulAnswers }: Recorder, { evidence }: Directions): DuplicatePlaces {
  const { duplicate, duplicateUp } = counts;
  const isNumbered = evidence === "lab" || statefulAnswers > 0;
  if (!isNumbered) return { up: 0, down: 0, unexplained: duplicate };
  return { up: duplicateUp, down: duplicate - duplicateUp, unexplained: 0 };
}
