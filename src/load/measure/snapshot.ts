/** What a run has done by now, and in its last interval: what live views, CSV rows and charts are made of. */

import type { Protocol } from "../../base/protocol.ts";
import { quantileOf } from "./estimates.ts";
import type { Recorder } from "./recorder.ts";

/** One interval. Counts run from the start of the run; a packet's loss shows one timeout after its sending. */
export interface Snapshot {
  readonly protocol: Protocol;
  /** End of the interval, in s from the start. */
  readonly seconds: number;
  /** How long it was, in s. */
  readonly interval: number;
  /** How long the run will be, in s; Infinity where only its count or its user ends it. */
  readonly totalSeconds: number;
  readonly planned: number;
  readonly unsent: number;
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly late: number;
  readonly failed: number;
  readonly corrupt: number;
  readonly duplicate: number;
  readonly reordered: number;
  /** Response times of the answers of this interval, in s; null where there are too few. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Takes a snapshot and starts the next interval. */
export function takeSnapshot(
  recorder: Recorder,
  of: Pick<Snapshot, "protocol" | "seconds" | "interval" | "totalSeconds">,
): Snapshot {
  const { counts, interval } = recorder;
  const snapshot: Snapshot = {
    ...of,
    planned: counts.planned,
    unsent: counts.unsent,
    sent: counts.sent,
    answered: counts.answered,
    lost: counts.lost,
    late: counts.late,
    failed: counts.failed,
    corrupt: counts.corrupt,
    duplicate: counts.duplicate,
    reordered: counts.reordered,
    p50: quantileOf(interval, 0.5),
    p99: quantileOf(interval, 0.99),
    max: interval.max ?? null,
  };
  interval.reset();
  return snapshot;
}

/** Whether nothing was counted between two snapshots. */
function isSame(one: Snapshot, other: Snapshot): boolean {
  const counts = ["planned", "sent", "answered", "lost", "late", "failed", "corrupt", "duplicate"] as const;
  return counts.every((name) => one[name] === other[name]);
}

/** The most snapshots kept for a reader who is slow or absent; the oldest go first. */
const MOST_KEPT = 4096;

/** A stream with one reader. */
export class SnapshotStream implements AsyncIterable<Snapshot> {
  readonly #kept: Snapshot[] = [];
  #wake = Promise.withResolvers<void>();
  #over = false;
  #latest: Snapshot | undefined;

  /** Adds an interval; the last one only where anything happened in it. */
  push(snapshot: Snapshot, last = false): void {
    if (last && this.#latest !== undefined && isSame(snapshot, this.#latest)) return;
    this.#latest = snapshot;
    if (this.#kept.push(snapshot) > MOST_KEPT) this.#kept.shift();
    this.#wake.resolve();
  }

  end(): void {
    this.#over = true;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Snapshot> {
    for (;;) {
      const next = this.#kept.shift();
      if (next !== undefined) yield next;
      else if (this.#over) return;
      else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers<void>();
      }
    }
  }
}
