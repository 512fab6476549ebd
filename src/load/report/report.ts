/** The JSON report of a run (docs/CONTRACT.md, section 6). All times are in s. */
import type { Protocol } from "../../base/protocol.ts";
import type { ErrorEstimate } from "../../stamp/packet.ts";
import type { ClockOffset } from "../measure/clocks/best-exchanges.ts";
import type { EndpointStep } from "../measure/clocks/one-way.ts";
import type { Unknown } from "../measure/delays/delay-dependence.ts";
import type { AttributionSource } from "../measure/directions/loss-direction.ts";
import type { LossUnknown } from "../measure/losses/loss-excess.ts";
import type { Ranged } from "../measure/statistics/difference.ts";
import type { Interval } from "../measure/statistics/estimates.ts";
import type { Mode } from "../plan/options.ts";
import type { QuantileName } from "../plan/quantiles.ts";
import type { Arrival, Stage } from "../plan/schedule.ts";
import type { DuplicatePlaces, LossPlaces } from "./places.ts";

/** Error code of intact answers that arrived after the waiting time, or to packets that the run did not send. */
export const UNKNOWN_ANSWER = "unknown-answer";

/** A time of the report that can have a 95 % interval. */
export type EstimatedTime = "mean" | QuantileName;

/** Why a time has no interval. `earlier schema`: its interval assumed independent packets. */
export type NoTimeInterval = Unknown | "earlier schema";

/** A percentile that the run was told to report. */
export interface SelectedPercentile {
  /** Above 0, up to 100; 100 is the maximum. */
  readonly percent: number;
  /** In s; null if there are too few packets, or with `over`. */
  readonly value: number | null;
  /** The timeout, s, if the percentile is over it. */
  readonly over?: number;
}

/** A distribution of durations, s. Null: no sample, or too few for that percentile. */
export interface Times {
  /** Packets that have a time; minimum, mean, maximum and standard deviation are of these. */
  readonly count: number;
  /** Packets that the percentiles are over; those without a time count as infinite (RFC 7679 section 4). */
  readonly packets: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  /** Null in a report that was made before it existed. */
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly stddev: number | null;
  /** The percentiles of `--percentiles`, in rising order; only in reports of runs with it. */
  readonly percentiles?: readonly SelectedPercentile[];
  /** The timeout, for each percentile that is null because its rank is among the packets without a time. */
  readonly over: Partial<Record<QuantileName, number>>;
  /** 95 % confidence intervals. `high` is null if it is over the timeout. */
  readonly intervals: Partial<Record<EstimatedTime, readonly [low: number, high: number | null]>>;
  /** Why other values have no interval. */
  readonly noInterval: Partial<Record<EstimatedTime, NoTimeInterval>>;
}

/** Lengths of loss bursts or of the gaps between them, in packets; null without any. */
export interface RunLengthsReport {
  readonly count: number;
  readonly mean: number | null;
  readonly max: number | null;
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

/** The 50 % and the 99 % quantile of times, s; null if there are too few. */
export interface TwoQuantiles {
  readonly p50: number | null;
  readonly p99: number | null;
}

/** Variation of the delay in one direction, s. */
export interface OneWayVariation {
  /** Mean of |D| over the run (RFC 3550 section 6.4.1). */
  readonly rfc3550Mean: number | null;
  /** Quantiles of the absolute IPDV (RFC 3393); smallest and largest signed IPDV. */
  readonly ipdv: TwoQuantiles & { readonly min: number | null; readonly max: number | null };
}

/** An objective and its result. */
export interface JudgedObjective {
  readonly text: string;
  readonly met: boolean;
  /** The measured value, in s, as a share or in packets a second; null if there are too few samples, or with `over`. */
  readonly value: number | null;
  /** The timeout, s, if the value is a percentile over it. */
  readonly over?: number;
  /**
   * What decided: the limit of the value's 95 % confidence interval that is nearer to missing the objective, or the
   * value if it has no interval; null if that is over the timeout.
   */
  readonly edge: number | null;
  /** Whether the run is valid. An objective that is met by a run that is not valid proves nothing. */
  readonly runValid: boolean;
  /** Why the objective is missed although the value meets it, or how it was judged without an interval. */
  readonly note?: string;
}

/** How a run ended: `gave-up` if the target could not be reached or refused every packet. */
export type RunEnd = "completed" | "interrupted" | "gave-up";

/** The HTTP requests of a run, without what may be secret. */
export interface ReportedRequests {
  /** Null if the target's name did not resolve, so that it was not decided. */
  readonly method: string | null;
  readonly keepAlive: boolean;
  /** Whether TLS certificates were verified. */
  readonly verify: boolean;
  /** Options whose values are left out, because they may be secret. */
  readonly withheld: readonly ("header" | "body")[];
}

/** The plan of a run, with its defaults filled in: what it takes to repeat the run. */
export interface ReportedPlan {
  readonly protocol: Protocol;
  readonly target: string;
  /** URL of the lab's control routes; null if the run did not use any. */
  readonly control: string | null;
  /** Null for a protocol without modes. */
  readonly mode: Mode | null;
  /** Packets a second; "max" in a closed loop; null if `stages` define it. */
  readonly rate: number | "max" | null;
  readonly arrival: Arrival;
  readonly stages: readonly Stage[] | null;
  /** Null for a run without a time limit. */
  readonly seconds: number | null;
  readonly count: number | null;
  readonly warmupSeconds: number;
  readonly connections: number;
  /** Whether connections were opened when packets needed them, up to that number; missing in reports of older versions. */
  readonly onDemand?: boolean;
  /** Most packets in flight; null in an open loop. */
  readonly inFlight: number | null;
  readonly size: number;
  readonly timeoutSeconds: number;
  /** A packet without an answer is lost after this time (RFC 7680 section 2.4). */
  readonly waitSeconds: number;
  readonly family: 4 | 6 | null;
  /** The flags of the command, without header fields and bodies; only of runs of the command. */
  readonly flags?: readonly string[];
  /** The HTTP requests; null for other protocols, and in reports of versions that did not report them. */
  readonly http: ReportedRequests | null;
  /** Those of `--percentiles`; only with the flag. */
  readonly percentiles?: readonly number[];
  readonly seed: number;
}

/** The sender's versions and machine. */
export interface SenderHost {
  readonly wirelab: string;
  /** The commit of the build; missing if it is not known. */
  readonly commit?: string;
  readonly bun: string;
  /** Operating system and processor architecture, such as `linux x64`. */
  readonly platform: string;
  /** The kernel's release. */
  readonly kernel: string;
  /** Processor cores that the process may use. */
  readonly cpus: number;
}

/** The target of a run that alternates with another one: that of `--target` or that of `--against`. */
export type Side = "target" | "against";

/** Which run of a repeated run (`--repeat`) it is, from 1. */
export interface Repetition {
  readonly index: number;
  readonly of: number;
  /** Only with `--against`. */
  readonly side?: Side;
}

/** The report of one protocol. */
export interface RunReport {
  readonly schema: "wirelab.run/2";
  readonly protocol: Protocol;
  /** Only in the reports of a repeated run. */
  readonly repetition?: Repetition;
  readonly target: string;
  /** The address to which the target's name resolved; empty if it did not resolve. */
  readonly address: string;
  readonly seed: number;
  /** This and the next one are null in a report of schema wirelab.run/1, as is `ended`. */
  readonly plan: ReportedPlan | null;
  readonly host: SenderHost | null;
  /** STAMP session id (RFC 8972) of the run's sessions; null without STAMP. */
  readonly sessionId: number | null;
  readonly startedAt: string;
  readonly ended: RunEnd | null;
  /** How long packets were sent. */
  readonly durationSeconds: number;
  /** Packets a second; `offered` is null in a closed loop. */
  readonly rate: { readonly offered: number | null; readonly achieved: number };
  readonly packets: PacketCounts;
  /** `packets.duplicate` by place; null in a report of schema wirelab.run/1. */
  readonly duplicates: DuplicatePlaces | null;
  readonly loss: LossReport;
  /** The source of the losses' directions. */
  readonly evidence: { readonly kind: AttributionSource; readonly text: string };
  readonly responseTime: Times;
  /**
   * Response times of the answers that count as failed, HTTP statuses outside 2xx; its percentiles are over these answers.
   */
  readonly failedTime: Times;
  readonly serviceTime: Times;
  readonly serverTime: Times;
  readonly oneWay: {
    /** T2 - T1, signed: it contains the difference of the two clocks. */
    readonly up: Times;
    /** T4 - T3, signed. */
    readonly down: Times;
    /**
     * Whether the offset of the clocks is 0 within its error, in the whole run and in each half, and no clock was set
     * during the run.
     */
    readonly comparable: boolean;
    /** Offset of the target's clock; null without STAMP answers. */
    readonly clockOffset: ClockOffset | null;
    /** Offset in the second half of the run less that in the first, s; null unless both are known. */
    readonly drift: number | null;
  };
  /** Clocks that were set during the run. */
  readonly clockSteps: readonly EndpointStep[];
  /** What the reflector reports about its clock; null without STAMP answers. */
  readonly reflectorClock: ErrorEstimate | null;
  /** Variation of the delay, of round trips except `up` and `down`, without the time that the sender waited. */
  readonly jitter: {
    /** Smoothed interarrival jitter after the last answer (RFC 3550 section 6.4.1). */
    readonly rfc3550: number | null;
    /** The same over the whole run: the mean of |D|. */
    readonly rfc3550Mean: number | null;
    /** Absolute difference between consecutive packets (after RFC 3393). */
    readonly ipdv: TwoQuantiles;
    /** Difference from the shortest delay of the run (RFC 5481). */
    readonly pdv: TwoQuantiles;
    /** Upstream, from T2 - T1; null unless T1 to T4 are known. */
    readonly up: OneWayVariation | null;
    /** Downstream, from T4 - T3. */
    readonly down: OneWayVariation | null;
  };
  /** Time from the intended send time until the packet was passed to the kernel. */
  readonly scheduleError: TwoQuantiles & { readonly max: number | null };
  /** How the packets were passed to the kernel; null in a closed loop. */
  readonly handOver: {
    /** Packets that were due already when the packet before them was passed to the kernel. */
    readonly bunched: number;
    /** Most packets that were passed to the kernel without waiting between them. */
    readonly largestBurst: number;
  } | null;
  /** Time from the arrival of an answer at the kernel until it was read; over TCP and HTTP a lower bound. */
  readonly receiveDelay: TwoQuantiles & { readonly max: number | null };
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly errors: Readonly<Record<string, number>>;
  /** Responses by HTTP status code. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Rows of the file of `--packets`, and those that were left out of it; null without the file. */
  readonly packetLog: { readonly rows: number; readonly omitted: number } | null;
  readonly objectives: readonly JudgedObjective[];
  readonly verdict: {
    readonly valid: boolean;
    /** Whether the run was stopped before its end; of a run without an end that is no reason. */
    readonly interrupted: boolean;
    readonly reasons: readonly string[];
  };
}
