/** Types of load runs that cross the wire: `/runs`, the `run` events of `/live`, and the messages of a run's process. */
import type { Protocol } from "../base/protocol.ts";
import type { IntervalSnapshot } from "../load/measure/snapshot.ts";
import type { Change } from "../load/report/comparison/compare.ts";
import type { RunReport } from "../load/report/report.ts";
import type { Times } from "../load/report/report-times.ts";

/** Points of a percentile curve, rising: the quantile (0 to 1) and the response time at it, in s. */
export type CurvePoints = readonly (readonly [quantile: number, seconds: number])[];

/** Kept beside each report. */
export interface RunDetail {
  readonly curve: CurvePoints;
  /** The text of `--explain`. */
  readonly explanation: string;
}

/** The run in progress, or the last one. */
export interface RunState {
  /** Counts the runs of this lab, from 1. */
  readonly number: number;
  /** Counts the changes of this state in all runs of this lab, from 1; each `run` event has the next one. */
  readonly version: number;
  readonly state: "starting" | "running" | "settling" | "done" | "failed";
  /** Ms since the Unix epoch. */
  readonly startedAt: number;
  readonly seconds: number;
  readonly stopped: boolean;
  /** Every interval of every protocol, in the order of arrival; in a `run` event the new ones only. */
  readonly snapshots: readonly IntervalSnapshot[];
  readonly reports: readonly RunReport[];
  readonly details: readonly RunDetail[];
  /** Its id among the kept runs. */
  readonly kept: number | null;
  /** Why it failed, or why it could not be kept. */
  readonly error: string | null;
}

/** Where a run was started. */
export type RunSource = "page" | "command";

/** A run to keep: a report for each of its protocols. */
export interface NewRun {
  readonly source: RunSource;
  readonly reports: readonly RunReport[];
  /** The detail of each report, in the same order. */
  readonly details: readonly RunDetail[];
}

/** A kept run. */
export interface KeptRun extends NewRun {
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly savedAt: string;
}

/** One protocol of a run, as the list of runs shows it. */
export interface RunLine {
  readonly protocol: Protocol;
  readonly target: string;
  /** Packets per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly sent: number;
  readonly lossRatio: number;
  /** Response times, in s; null where there are too few samples, or where the percentile is `over` the timeout. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly over: Times["over"];
  /** How it ended; null for a report of a version that did not say. */
  readonly ended: RunReport["ended"];
  readonly valid: boolean;
}

/** A run, as the list of runs shows it. */
export interface RunSummary {
  readonly id: number;
  readonly savedAt: string;
  readonly source: RunSource;
  readonly lines: readonly RunLine[];
  /** Set if the kept report cannot be read; there are no lines then. */
  readonly unreadable?: true;
}

/** Upper limits of a run started over HTTP. */
export interface RunCaps {
  /** Packets per second of each protocol. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
  /** Octets of a packet. */
  readonly size: number;
}

/** What a run started over HTTP may target and use. */
export interface RunBounds {
  /** Allowed targets beside the lab itself, as `host` or `host:port`; none for a client that may not start runs. */
  readonly targets: readonly string[];
  readonly caps: RunCaps;
}

/** The response of `GET /runs`. */
export interface RunList extends RunBounds {
  /** The newest first. */
  readonly runs: readonly RunSummary[];
  /** Whether the runs are kept in a file; in memory otherwise. */
  readonly file: boolean;
}

/** The response of `GET /runs/{id}/compare/{other}`. */
export interface RunComparison {
  /** Ids of the two runs. */
  readonly before: number;
  readonly after: number;
  /** The changes of each protocol that both runs have. */
  readonly protocols: Partial<Record<Protocol, readonly Change[]>>;
  /** What limits the comparison, in sentences. */
  readonly limits: readonly string[];
}
