/** Checks the packet counts of a report where it is made: no count is negative, and the sums of the contract hold. */
import { type Directions, unattributed } from "../measure/directions/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Whether the directions are those of `lost` packets. */
function areSound(lost: number, { lostUp, lostDown, unexplained, droppedUp, droppedDown }: Directions): boolean {
  const counts = [lostUp, lostDown, unexplained, droppedUp, droppedDown];
  const isWithin = droppedUp <= lostUp && droppedDown <= lostDown && lostUp + lostDown + unexplained === lost;
  return counts.every(isCount) && isWithin;
}

/** The directions, or all losses as unexplained where the directions cannot be those of the run's losses. */
export function soundDirections(recorder: Pick<Recorder, "counts">, directions: Directions): Directions {
  if (areSound(recorder.counts.lost, directions)) return directions;
  return { ...unattributed(recorder), reason: "the losses by direction contradict the number of losses" };
}

/** Why the counts cannot be true at the same time (docs/CONTRACT.md, section 6); undefined if they can. */
export function accountingDefect({ counts }: Pick<Recorder, "counts">): string | undefined {
  const { planned, sent, unsent, refused, answered, lost, late, failed, corrupt } = counts;
  const addsUp = planned === sent + unsent + refused && sent === answered + lost + late + failed + corrupt;
  if (Object.values(counts).every(isCount) && addsUp) return undefined;
  return `the packet accounting does not add up: ${JSON.stringify(counts)}`;
}
