/** The packets and the losses in the JSON report of a run (docs/CONTRACT.md, section 6). */
import type { LossUnknown } from "../measure/losses/loss-excess.ts";
import type { Ranged } from "../measure/statistics/difference.ts";
import type { Interval } from "../measure/statistics/estimates.ts";
import type { LossPlaces } from "./places.ts";

/** Error code of intact answers that arrived after the waiting time, or to packets that the run did not send. */
export const UNKNOWN_ANSWER = "unknown-answer";

/** Packets by outcome. The sums of docs/CONTRACT.md, section 6, hold. */
export interface PacketCounts {
  readonly planned: number;
  readonly sent: number;
  readonly unsent: number;
  /** Refused by the sender's own kernel; not part of `sent`. */
  readonly refused: number;
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

/** Why the loss has no interval. */
export type NoLossInterval = LossUnknown | "no losses" | "damaged answers" | "earlier schema";

/** Lost packets divided by packets sent, and their pattern (RFC 3357, RFC 6534). */
export interface LossReport {
  readonly ratio: number;
  /** The 95 % confidence interval, which holds for independent losses and for bursts; null if there is none. */
  readonly low: number | null;
  readonly high: number | null;
  /** The interval is that of a two-state Markov chain (Gilbert), wider where the losses vary more. */
  readonly method: "gilbert95";
  /** Why there is no interval. */
  readonly reason: NoLossInterval | null;
  /** Rough limits by which an objective is judged where there is no interval; null if there is one, or no such limits. */
  readonly limits: Interval | null;
  /** Number of independent packets with the same precision; null without an interval. */
  readonly effectiveSampleSize: number | null;
  /** Of a run without losses: the 95 % upper limit if losses are independent. */
  readonly highIfIndependent: number | null;
  /** Sequences of lost packets. */
  readonly bursts: RunLengthsReport;
  /** Packets between two bursts. */
  readonly gaps: RunLengthsReport;
  /** Transition probabilities of the Gilbert model: p from received to lost, r back; null without both transitions. */
  readonly gilbert: { readonly p: Ranged; readonly r: Ranged } | null;
  /** The losses by place, apart from those that the target dropped on purpose. */
  readonly places: LossPlaces;
}

/** Lengths of loss bursts or of the gaps between them, in packets; null without any. */
export interface RunLengthsReport {
  readonly count: number;
  readonly mean: number | null;
  readonly max: number | null;
}
