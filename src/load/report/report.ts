/** The report of a run: the contract's object (section 6). Seconds everywhere. */

import type { Protocol } from "../../base/protocol.ts";
import type { AttributionSource } from "../measure/loss-direction.ts";
import type { QuantileName } from "../plan/quantiles.ts";

/** A distribution of durations in s. null: no sample, or too few for that percentile. */
export interface Times {
  readonly count: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly stddev: number | null;
  /** The 95 % interval of each percentile that is not null, from order statistics. */
  readonly intervals: Partial<Record<QuantileName, readonly [low: number, high: number]>>;
}

/** The columns of the ledger (contract, section 6). */
export interface PacketCounts {
  readonly planned: number;
  readonly sent: number;
  readonly unsent: number;
  readonly answered: number;
  readonly lost: number;
  readonly lostUp: number;
  readonly lostDown: number;
  readonly droppedUp: number;
  readonly droppedDown: number;
  readonly late: number;
  readonly duplicate: number;
  readonly reordered: number;
  readonly corrupt: number;
  readonly failed: number;
  readonly unexplained: number;
}

/** An objective and what became of it. */
export interface JudgedObjective {
  readonly text: string;
  readonly met: boolean;
  /** What was measured: s, a share or packets a second; null where there are too few samples. */
  readonly value: number | null;
  /** What decided: the end of the value's 95 % interval that is nearer to missing it. */
  readonly edge: number | null;
  /** Why it was missed although the value itself meets it, or why it cannot be judged. */
  readonly note?: string;
}

/** One protocol's report. */
export interface RunReport {
  readonly schema: "wirelab.run/1";
  readonly protocol: Protocol;
  readonly target: string;
  /** The address that the target's name resolved to. */
  readonly address: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly durationSeconds: number;
  /** Packets a second; offered is null in a closed loop. */
  readonly rate: { readonly offered: number | null; readonly achieved: number };
  readonly packets: PacketCounts;
  readonly loss: { readonly ratio: number; readonly low: number; readonly high: number; readonly method: "wilson95" };
  /** Where the directions of the losses come from. */
  readonly evidence: { readonly kind: AttributionSource; readonly text: string };
  readonly responseTime: Times;
  readonly serviceTime: Times;
  readonly serverTime: Times;
  readonly oneWay: {
    readonly up: Times;
    readonly down: Times;
    readonly comparable: boolean;
    /** How far the target's clock is ahead, in s, and how wrong that may be; null without STAMP answers. */
    readonly clockOffset: { readonly seconds: number; readonly error: number } | null;
  };
  readonly jitter: {
    readonly rfc3550: number | null;
    readonly ipdv: { readonly p50: number | null; readonly p99: number | null };
    readonly pdv: { readonly p50: number | null; readonly p99: number | null };
  };
  readonly scheduleError: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly errors: Readonly<Record<string, number>>;
  /** HTTP: how often each status came. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly objectives: readonly JudgedObjective[];
  readonly verdict: { readonly valid: boolean; readonly reasons: readonly string[] };
}
