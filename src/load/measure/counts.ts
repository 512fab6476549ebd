/** The packet counts of a run. */

/**
 * What an answer is to the accounting: the first one to its packet, within the timeout or after it; a further one; one
 * to a packet that is not kept, or whose loss is final.
 */
export type Reception = "answered" | "late" | "duplicate" | "unknown";

/** Packets by outcome, and what is counted beside them. `lost` can decrease: an answer after the timeout makes its packet late. */
export interface Counts {
  planned: number;
  unsent: number;
  /** The part of `unsent` that was due before the end of the run, but the sender did not reach it. */
  unreached: number;
  /** Packets that this machine's kernel refused to send; they are not part of `sent`. */
  refused: number;
  sent: number;
  answered: number;
  lost: number;
  late: number;
  failed: number;
  corrupt: number;
  duplicate: number;
  reordered: number;
  /** Duplicates that have a sequence number of the reflector of their own: the packet was duplicated upstream. */
  duplicateUp: number;
  /** Answers too damaged to identify their packet. */
  unidentified: number;
  /** Intact answers to packets that are not, or no longer, in the accounting. */
  unknownAnswers: number;
  /** Losses that became final before the waiting time had passed, because the accounting was full. */
  discarded: number;
  /** Losses that the target reported as dropped upstream (HTTP's X-Wirelab-Fate). */
  reportedUp: number;
  /** Losses that the target reported as dropped downstream. */
  reportedDown: number;
  bytesSent: number;
  bytesReceived: number;
}

/** Counts that are all 0. */
export function noCounts(): Counts {
  return {
    planned: 0,
    unsent: 0,
    unreached: 0,
    refused: 0,
    sent: 0,
    answered: 0,
    lost: 0,
    late: 0,
    failed: 0,
    corrupt: 0,
    duplicate: 0,
    reordered: 0,
    duplicateUp: 0,
    unidentified: 0,
    unknownAnswers: 0,
    discarded: 0,
    reportedUp: 0,
    reportedDown: 0,
    bytesSent: 0,
    bytesReceived: 0,
  };
}

/** Packets whose outcome is known and is not a valid answer within the timeout. Quantiles count them as infinite. */
export function unansweredOf({ lost, late, failed, corrupt }: Counts): number {
  return lost + late + failed + corrupt;
}

/** Packets sent that have no outcome yet. */
export function pendingOf(counts: Counts): number {
  return counts.sent - counts.answered - unansweredOf(counts);
}
