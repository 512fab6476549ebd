/**
 * The directions of a UDP run's losses from the counters of the relay that its datagrams pass. They do not depend on what
 * the target is: each packet is one datagram.
 */
import type { Recorder } from "../recorder.ts";
import type { RelayGain, WayReading } from "../relays/reading.ts";
import { ATTRIBUTION, type Directions, directionsOf } from "./loss-direction.ts";

/** The reasons for which the faults of a relay drop datagrams. */
const FAULTS = ["drop", "burst", "queue-full"] as const;

const OTHER_CLIENTS =
  "the relay's counts are not used: other clients used it during the run, or packets were duplicated before it";
const CONTRADICTION = "the relay's counts are not used: it dropped more datagrams than the run lost packets";

function droppedByFaults({ drops }: WayReading): number {
  return FAULTS.reduce((sum, reason) => sum + (drops[reason] ?? 0), 0);
}

/** Whether the relay received datagrams that are not the run's. */
export function hasOtherClients({ counts }: Pick<Recorder, "counts">, { up }: RelayGain): boolean {
  return up.totals.packetsIn > counts.sent;
}

function withReason(directions: Directions, reason: string): Directions {
  return { ...directions, reason: directions.reason === undefined ? reason : `${reason}; ${directions.reason}` };
}

/**
 * By what the relay received and dropped. Packets that it did not receive were lost upstream too. A dropped answer need
 * not be a lost packet where there are several answers to a packet: so many drops stay unexplained.
 * @param beyond the attribution without the relay, for what was lost beyond it
 */
export function attributeByRelay(recorder: Recorder, beyond: Directions, gain: RelayGain): Directions {
  const { sent, lost, duplicate } = recorder.counts;
  const { up, down } = gain;
  if (hasOtherClients(recorder, gain)) return withReason(beyond, OTHER_CLIENTS);
  const further = up.totals.copies + Math.max(0, duplicate - down.totals.copies);
  const lostUp = sent - up.totals.packetsIn + up.totals.dropped;
  const lostDown = Math.max(0, down.totals.dropped - further);
  if (lostUp + lostDown > lost) return withReason(beyond, CONTRADICTION);
  const byDirection = {
    lostUp: Math.max(lostUp, beyond.lostUp),
    lostDown: Math.max(lostDown, beyond.lostDown),
    droppedUp: droppedByFaults(up) + beyond.droppedUp,
    droppedDown: Math.min(droppedByFaults(down), lostDown) + beyond.droppedDown,
  };
  const directions = { ...directionsOf(lost, byDirection, "relay"), heldByLab: beyond.heldByLab };
  const { targetBuffer } = beyond;
  const rest =
    beyond.evidence === "none" ? "losses beyond it are unexplained" : `beyond it ${ATTRIBUTION[beyond.evidence]}`;
  const result = {
    ...directions,
    ...(targetBuffer !== undefined && {
      targetBuffer: Math.min(targetBuffer, directions.lostUp - directions.droppedUp),
    }),
    ...(beyond.reason !== undefined && { reason: beyond.reason }),
  };
  return withReason(result, rest);
}
