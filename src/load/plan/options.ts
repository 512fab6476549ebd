/** What a run is asked to do, with every default filled in and every impossible wish refused. */

import { formatHostPort } from "../../base/address.ts";
import { type Protocol, REGISTRY } from "../../base/protocol.ts";
import { FRAME_MAX_LENGTH } from "../../stamp/frames.ts";
import { STAMP_LENGTH } from "../../stamp/packet.ts";
import { UsageError } from "./errors.ts";
import { type Objective, parseObjective } from "./objectives.ts";
import { type Arrival, highestRate, type Stage, totalSeconds } from "./schedule.ts";
import { checkFamily, parseTarget, type Target } from "./target.ts";

/** How packets on TCP and UDP are made: STAMP (an echo's answers are understood too), or plain text, one at a time. */
export type Mode = "stamp" | "plain";

/** What each HTTP request is; only the contract's default where nothing is said. */
export interface HttpOptions {
  /** Default: POST where the path is /, GET elsewhere without a body. */
  readonly method?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
  /** Default true: connections are used again. */
  readonly keepAlive?: boolean;
  /** Default true: a TLS certificate has to be trusted. */
  readonly verify?: boolean;
}

/** The wishes of whoever starts a run; what is left out has a default. Times in s. */
export interface LoadOptions {
  readonly protocol: Protocol;
  /** Host, host:port or URL. Default: the lab on this machine at the contract's port. */
  readonly target?: string;
  /** The lab's control address, host:port or URL; false asks none. Default: port 5000 of the target's host. */
  readonly control?: string | false;
  readonly mode?: Mode;
  /** Packets a second, or "max" for a closed loop. Default 100. */
  readonly rate?: number | "max";
  readonly arrival?: Arrival;
  /** Instead of `rate` and `duration`. */
  readonly stages?: readonly Stage[];
  /** Default 1 for STAMP (32 on TCP in a closed loop), as many as needed up to 256 otherwise (32 in a closed loop). */
  readonly connections?: number;
  /** Packets on their way at once in a closed loop with STAMP. Default 64. */
  readonly inFlight?: number;
  /** Default 10; Infinity for a run that only `stop()` ends. */
  readonly duration?: number;
  readonly count?: number;
  /** Octets. Default 64 for STAMP, the text's own length for plain, a body of 64 for HTTP. */
  readonly size?: number;
  /** Default 2. */
  readonly timeout?: number;
  /** Default 0: nothing is sent before what counts. */
  readonly warmup?: number;
  /** Default: chosen at random, and told in the report. */
  readonly seed?: number;
  /** 4 or 6: only addresses of that family. */
  readonly family?: 4 | 6;
  /** Between two snapshots. Default 1. */
  readonly interval?: number;
  readonly http?: HttpOptions;
  /** Whether losses are settled by the lab's summary while the run lasts; always of a run without an end. */
  readonly follow?: boolean;
  /** Objectives such as `p99<5ms`, `loss<0.1%`, `rate>=950`. */
  readonly objectives?: readonly string[];
}

/** A run with nothing left open. */
export interface RunPlan {
  readonly protocol: Protocol;
  readonly target: Target;
  readonly targetText: string;
  /** What to try where nothing listens; empty unless the target is the default one. */
  readonly remedy: string;
  readonly controlUrl: URL | undefined;
  readonly mode: Mode;
  readonly closedLoop: boolean;
  readonly stages: readonly Stage[];
  readonly arrival: Arrival;
  readonly highestRate: number;
  readonly connections: number;
  readonly openAll: boolean;
  readonly window: number;
  readonly seconds: number;
  readonly count: number | undefined;
  readonly size: number;
  readonly timeoutMs: number;
  readonly warmupSeconds: number;
  readonly seed: number;
  readonly family: 0 | 4 | 6;
  readonly intervalMs: number;
  readonly http: HttpOptions;
  readonly follow: boolean;
  readonly objectives: readonly Objective[];
}

const DEFAULT_RATE = 100;
const DEFAULT_SECONDS = 10;
const DEFAULT_SIZE = 64;
const DEFAULT_TIMEOUT = 2;
const MOST_ON_DEMAND = 256;
const CLOSED_LOOP_CONNECTIONS = 32;
const CLOSED_LOOP_WINDOW = 64;
/** What a closed loop's ledgers are sized for, packets a second. */
const CLOSED_LOOP_RATE = 200_000;
/** The largest payload of a UDP datagram over IPv4. */
const LARGEST_DATAGRAM = 65_507;
const MOST_CONNECTIONS = 10_000;
const MOST_RATE = 10_000_000;

function inRange(name: string, value: number, least: number, most: number, unit = ""): number {
  if (!(value >= least && value <= most)) {
    throw new UsageError(`--${name} ${value}: expected ${least} to ${most}${unit}`);
  }
  return value;
}

function wholeInRange(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value)) throw new UsageError(`--${name} ${value}: expected a whole number`);
  return inRange(name, value, least, most);
}

/** Fills in the defaults; throws a UsageError for a value or a combination that makes no sense. */
export function planRun(options: LoadOptions): RunPlan {
  const { protocol } = options;
  const targetText = options.target ?? formatHostPort("127.0.0.1", REGISTRY[protocol].port);
  const target = parseTarget(targetText, protocol);
  const mode = options.mode ?? "stamp";
  if (protocol === "http" && options.mode !== undefined) throw new UsageError("--mode means nothing to http");
  checkFamily(target, options.family ?? 0);
  const closedLoop = options.rate === "max";
  const stages = planStages(options);
  const numbered = protocol !== "http" && mode === "stamp";
  const highest = closedLoop ? CLOSED_LOOP_RATE : highestRate(stages);
  const connections = planConnections(options, numbered, closedLoop);
  return {
    protocol,
    target,
    targetText: target.url?.href ?? formatHostPort(target.hostname, target.port),
    remedy: options.target === undefined ? "; to start the lab: bun run dev" : "",
    controlUrl: planControl(options, target),
    mode,
    closedLoop,
    stages,
    arrival: options.arrival ?? "constant",
    highestRate: highest,
    connections,
    openAll: closedLoop || numbered || options.connections !== undefined,
    window: planWindow(options, numbered, closedLoop, connections),
    seconds: totalSeconds(stages),
    count: options.count === undefined ? undefined : wholeInRange("count", options.count, 1, 1e12),
    size: planSize(options, numbered),
    timeoutMs: inRange("timeout", options.timeout ?? DEFAULT_TIMEOUT, 0.001, 600, " s") * 1000,
    warmupSeconds: inRange("warmup", options.warmup ?? 0, 0, 3600, " s"),
    seed: wholeInRange("seed", options.seed ?? Math.floor(Math.random() * 2 ** 32), 0, 2 ** 32 - 1),
    family: options.family ?? 0,
    intervalMs: inRange("interval", options.interval ?? 1, 0.01, 3600, " s") * 1000,
    http: options.http ?? {},
    follow: options.follow ?? (totalSeconds(stages) === Number.POSITIVE_INFINITY && options.count === undefined),
    objectives: (options.objectives ?? []).map(parseObjective),
  };
}

function planStages(options: LoadOptions): readonly Stage[] {
  const { rate = DEFAULT_RATE, stages, duration, count } = options;
  if (stages !== undefined) {
    if (options.rate !== undefined)
      throw new UsageError("--stages and --rate exclude each other: the stages say the rate");
    if (duration !== undefined)
      throw new UsageError("--stages and --duration exclude each other: the stages say how long");
    for (const stage of stages) inRange("stages", Math.max(stage.from, stage.to), 0, MOST_RATE, " packets a second");
    if (highestRate(stages) === 0) throw new UsageError("--stages: at least one stage has to have a rate above 0");
    return stages;
  }
  // A count without a duration runs for as long as that many packets take.
  const seconds = duration ?? (count === undefined ? DEFAULT_SECONDS : Number.POSITIVE_INFINITY);
  if (!(seconds > 0)) throw new UsageError(`--duration ${seconds}: expected more than 0`);
  if (rate === "max") {
    if (options.arrival === "poisson")
      throw new UsageError("--arrival poisson needs a rate: --rate max sends when there is room");
    return [{ from: 0, to: 0, seconds }];
  }
  inRange("rate", rate, 0.001, MOST_RATE, " packets a second");
  return [{ from: rate, to: rate, seconds }];
}

function planConnections(options: LoadOptions, numbered: boolean, closedLoop: boolean): number {
  if (options.connections !== undefined) return wholeInRange("connections", options.connections, 1, MOST_CONNECTIONS);
  if (numbered) return closedLoop && options.protocol === "tcp" ? CLOSED_LOOP_CONNECTIONS : 1;
  return closedLoop ? CLOSED_LOOP_CONNECTIONS : MOST_ON_DEMAND;
}

function planWindow(options: LoadOptions, numbered: boolean, closedLoop: boolean, connections: number): number {
  if (options.inFlight !== undefined && !(numbered && closedLoop)) {
    throw new UsageError("--in-flight goes with --rate max on udp or tcp; elsewhere the connections are the limit");
  }
  if (!closedLoop) return Number.POSITIVE_INFINITY;
  if (!numbered) return connections;
  return wholeInRange("in-flight", options.inFlight ?? Math.max(CLOSED_LOOP_WINDOW, connections), 1, 1_000_000);
}

function planSize(options: LoadOptions, numbered: boolean): number {
  const { size, protocol } = options;
  if (!numbered)
    return size === undefined
      ? protocol === "http"
        ? DEFAULT_SIZE
        : 0
      : wholeInRange("size", size, 1, protocol === "udp" ? LARGEST_DATAGRAM : 16_777_216);
  const most = protocol === "udp" ? LARGEST_DATAGRAM : FRAME_MAX_LENGTH;
  return wholeInRange("size", size ?? DEFAULT_SIZE, STAMP_LENGTH, most);
}

function planControl(options: LoadOptions, target: Target): URL | undefined {
  if (options.control === false) return undefined;
  if (options.control === undefined) return new URL(`http://${formatHostPort(target.hostname, REGISTRY.http.port)}/`);
  const text = options.control.includes("://") ? options.control : `http://${options.control}`;
  if (!URL.canParse(text)) throw new UsageError(`--control ${options.control}: expected host:port or a URL`);
  return new URL(text);
}
