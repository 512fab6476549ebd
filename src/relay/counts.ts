/** What came into one direction of a relay, and what became of it: in + copies = out + dropped + waiting, to the octet. */
import type { LinkFaults } from "../faults/link-faults.ts";
import { Distribution, Tally } from "../metrics/counters.ts";

/** Why a relay loses octets. Those of faults have the names of the faults. */
export const LOSS_REASONS = [
  "drop",
  "burst",
  "queue-full",
  "reset",
  "stall",
  "limit",
  "memory-limit",
  "no-upstream",
  "refused",
  "peer-gone",
  "send-failed",
  "failed",
] as const;
/** One of LOSS_REASONS. */
export type LossReason = (typeof LOSS_REASONS)[number];

/** Faults that change packets and do not lose them; on TCP also those that stall, reset and end connections. */
const EFFECTS = [
  "delay",
  "duplicate",
  "reorder",
  "corrupt",
  "stall",
  "reset",
  "limit",
] as const satisfies readonly (keyof LinkFaults)[];
/** One of EFFECTS. */
export type Effect = (typeof EFFECTS)[number];

/** Upper bounds of the added delay, seconds: from what an idle machine adds to the longest delay of a fault. */
const DELAY_BUCKETS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];

/**
 * The counters of one direction. On TCP the packets are parts of the stream: those read, and those written, which faults can have
 * divided; only the octets are comparable there.
 */
export class DirectionCounts {
  packetsIn = 0;
  bytesIn = 0;
  packetsOut = 0;
  bytesOut = 0;
  /** Made by the fault `duplicate`. */
  copies = 0;
  copiedBytes = 0;
  /** In the relay: in a queue, delayed, or not accepted by the kernel yet. */
  waiting = 0;
  waitingBytes = 0;
  dropped = 0;
  droppedBytes = 0;
  readonly drops = new Tally<LossReason>(LOSS_REASONS);
  readonly dropBytes = new Tally<LossReason>(LOSS_REASONS);
  readonly effects = new Tally<Effect>(EFFECTS);
  /** Time from the receipt to the hand-over to the kernel, seconds. */
  readonly added: Distribution;
  /**
   * Time in the queue in front of a rate and on the link, seconds: of packets when the queue accepts them, on TCP of parts of the
   * stream when the link has sent them.
   */
  readonly queued = new Distribution(DELAY_BUCKETS);

  /** @param bounds the upper bounds of the added delay's histogram, s */
  constructor(bounds: readonly number[] = DELAY_BUCKETS) {
    this.added = new Distribution(bounds);
  }

  enter(bytes: number): void {
    this.packetsIn++;
    this.bytesIn += bytes;
    this.waiting++;
    this.waitingBytes += bytes;
  }

  /** `addedMs`: since the packet entered. */
  leave(bytes: number, addedMs: number): void {
    this.packetsOut++;
    this.bytesOut += bytes;
    this.waiting--;
    this.waitingBytes -= bytes;
    this.added.observe(addedMs / 1000);
  }

  lose(bytes: number, reason: LossReason): void {
    this.waiting--;
    this.waitingBytes -= bytes;
    this.dropped++;
    this.droppedBytes += bytes;
    this.drops.add(reason);
    this.dropBytes.add(reason, bytes);
  }

  /** Octets of a stream as read. */
  read(bytes: number): void {
    this.packetsIn++;
    this.bytesIn += bytes;
    this.waitingBytes += bytes;
  }

  /** Octets of a stream that the kernel accepted; `addedMs` is undefined if others of the same part follow. */
  written(bytes: number, addedMs: number | undefined): void {
    this.bytesOut += bytes;
    this.waitingBytes -= bytes;
    if (addedMs === undefined) return;
    this.packetsOut++;
    this.added.observe(addedMs / 1000);
  }

  /** Octets of a stream that are not passed on. */
  discard(bytes: number, reason: LossReason): void {
    this.waitingBytes -= bytes;
    this.droppedBytes += bytes;
    this.drops.add(reason);
    this.dropBytes.add(reason, bytes);
  }

  /** A copy that was sent. */
  copy(bytes: number): void {
    this.copies++;
    this.copiedBytes += bytes;
    this.packetsOut++;
    this.bytesOut += bytes;
  }
}
