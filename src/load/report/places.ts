/** The places where packets were lost, apart from those that the target dropped on purpose. */
import type { Directions } from "../measure/loss-direction.ts";

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
