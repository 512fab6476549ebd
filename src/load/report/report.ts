/** The JSON report of a run (docs/CONTRACT.md, section 6). All times are in s. */
import type { Protocol } from "../../base/protocol.ts";
import type { AttributionSource } from "../measure/loss-direction.ts";
import type { ClockOffset } from "../measure/recorder.ts";
import type { QuantileName } from "../plan/quantiles.ts";
import type { LossPlaces } from "./places.ts";

/** A distribution of durations, s. Null: no sample, or too few for that percentile. */
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
  /** The 95 % confidence interval of each percentile that is not null, from order statistics. */
  readonly intervals: Partial<Record<QuantileName, readonly [low: number, high: number]>>;
}

/** Packets by outcome. The sums of docs/CONTRACT.md, section 6, hold. */
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

/** An objective and its result. */
export interface JudgedObjective {
  readonly text: string;
  readonly met: boolean;
  /** The measured value, in s, as a share or in packets a second; null if there are too few samples. */
  readonly value: number | null;
  /** The limit of the value's 95 % confidence interval that decided: the one nearer to missing the objective. */
  readonly edge: number | null;
  /** Why the objective is missed although the value meets it, or why it cannot be judged. */
  readonly note?: string;
}

/** The report of one protocol. */
export interface RunReport {
  readonly schema: "wirelab.run/1";
  readonly protocol: Protocol;
  readonly target: string;
  /** The address to which the target's name resolved; empty if it did not resolve. */
  readonly address: string;
  readonly seed: number;
  /** STAMP session id (RFC 8972) of the run's sessions; null without STAMP, absent in reports of earlier versions. */
  readonly sessionId?: number | null;
  readonly startedAt: string;
  readonly durationSeconds: number;
  /** Packets a second; `offered` is null in a closed loop. */
  readonly rate: { readonly offered: number | null; readonly achieved: number };
  readonly packets: PacketCounts;
  readonly loss: {
    readonly ratio: number;
    readonly low: number;
    readonly high: number;
    readonly method: "wilson95";
    /** Absent in reports of earlier versions. */
    readonly places?: LossPlaces;
  };
  /** The source of the losses' directions. */
  readonly evidence: { readonly kind: AttributionSource; readonly text: string };
  readonly responseTime: Times;
  readonly serviceTime: Times;
  readonly serverTime: Times;
  readonly oneWay: {
    readonly up: Times;
    readonly down: Times;
    /** Whether both ends read the same clock, so that the two directions can be compared. */
    readonly comparable: boolean;
    /** Offset of the target's clock; null without STAMP answers. */
    readonly clockOffset: ClockOffset | null;
  };
  /** Variation of the round-trip delay, without the time that the sender waited. */
  readonly jitter: {
    /** Smoothed interarrival jitter (RFC 3550 section 6.4.1). */
    readonly rfc3550: number | null;
    /** Absolute difference between consecutive packets (after RFC 3393). */
    readonly ipdv: { readonly p50: number | null; readonly p99: number | null };
    /** Difference from the shortest delay of the run (RFC 5481). */
    readonly pdv: { readonly p50: number | null; readonly p99: number | null };
  };
  readonly scheduleError: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly errors: Readonly<Record<string, number>>;
  /** Responses by HTTP status code. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly objectives: readonly JudgedObjective[];
  readonly verdict: { readonly valid: boolean; readonly reasons: readonly string[] };
}
