/** The plan and the sender in the JSON report of a run (docs/CONTRACT.md, section 6). */
import type { Protocol } from "../../base/protocol.ts";
import type { Mode } from "../plan/options.ts";
import type { Arrival, Stage } from "../plan/schedule.ts";

/** The plan of a run, with its defaults filled in: what it takes to repeat the run. */
export interface ReportedPlan {
  readonly protocol: Protocol;
  readonly target: string;
  /** URL of the lab's control routes; null if the run did not use any. */
  readonly control: string | null;
  /** The relay of `--via`, as given, with all its faults; only with the flag. */
  readonly via?: string;
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
  /** Most requests in flight on each connection; only of protocols that have streams. */
  readonly streams?: number;
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
  /** How the target's certificate was checked; only of runs over TLS or QUIC. */
  readonly tls?: ReportedTls;
  /** The HTTP requests; null for other protocols, and in reports of versions that did not report them. */
  readonly http: ReportedRequests | null;
  /** Those of `--percentiles`; only with the flag. */
  readonly percentiles?: readonly number[];
  readonly seed: number;
}

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

/** How the certificate of a run's target was checked. */
export interface ReportedTls {
  readonly verify: boolean;
  /** Which certificates were trusted in place of those of the runtime: those of `--ca`, or those of the lab on this machine. */
  readonly ca: "options" | "lab" | null;
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
