/** The JSON report of a run (docs/CONTRACT.md, section 6). All times are in s. */
import type { Protocol } from "../../base/protocol.ts";
import type { ErrorEstimate } from "../../stamp/packet.ts";
import type { ClockOffset } from "../measure/clocks/best-exchanges.ts";
import type { EndpointStep } from "../measure/clocks/one-way.ts";
import type { AttributionSource } from "../measure/directions/loss-direction.ts";
import type { DuplicatePlaces } from "./places.ts";
import type { ReportedHandshakes } from "./report-handshakes.ts";
import type { LossReport, PacketCounts } from "./report-packets.ts";
import type { Repetition, ReportedPlan, SenderHost } from "./report-plan.ts";
import type { OneWayVariation, Times, TwoQuantiles } from "./report-times.ts";
import type { ReportedVia } from "./report-via.ts";

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
  /** How long connections took to open; null without connections, and in reports of older versions. */
  readonly handshakes: ReportedHandshakes | null;
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
  /** The relay that the packets went through (`--via`); null without one, and in reports of older versions. */
  readonly via: ReportedVia | null;
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
