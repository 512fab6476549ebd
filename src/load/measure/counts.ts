/** The packet counts of a run. */

/** Packets by outcome, and what is counted beside them. `lost` can decrease: a late answer moves its packet to `late`. */
export interface Counts {
  planned: number;
  unsent: number;
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
    reportedUp: 0,
    reportedDown: 0,
    bytesSent: 0,
    bytesReceived: 0,
  };
}

/** Packets sent that have no outcome yet. */
export function pendingOf({ sent, answered, lost, late, failed, corrupt }: Counts): number {
  return sent - answered - lost - late - failed - corrupt;
}
