/** Turns the options of a run into a plan: fills in the defaults and rejects invalid values and combinations. */
import { formatHostPort } from "../../base/address.ts";
import { isSecure, REGISTRY } from "../../base/protocol.ts";
import { FRAME_MAX_LENGTH } from "../../stamp/frames.ts";
import { STAMP_LENGTH } from "../../stamp/packet.ts";
import { type Concurrency, planConcurrency, type RunKind } from "./concurrency.ts";
import { UsageError } from "./errors.ts";
import { defaultControl, defaultTarget, isLabHere } from "./lab-address.ts";
import { type Objective, parseObjective } from "./objectives.ts";
import type { HttpOptions, LoadOptions, Mode } from "./options.ts";
import { checkPercentiles } from "./quantiles.ts";
import { inRange, wholeInRange } from "./ranges.ts";
import { type Arrival, highestRate, type Stage, totalSeconds } from "./schedule.ts";
import { checkFamily, parseTarget, type Target, withoutUser } from "./target.ts";
import { planTls, type TlsPlan } from "./tls.ts";
import { planVia, type ViaPlan } from "./via.ts";

/** A run with all options resolved. */
export interface RunPlan extends RunKind, Concurrency {
  readonly target: Target;
  /** The target for display: a URL or host:port. */
  readonly targetText: string;
  /** Whether no target was given: it is the lab on this machine. */
  readonly isDefaultTarget: boolean;
  /** Appended to the error of a connection failure: how to start the lab. Empty unless the target is the lab on this machine. */
  readonly hint: string;
  /** Base of the lab's control routes. */
  readonly controlUrl: URL | undefined;
  /** Whether `controlUrl` was derived from the target. */
  readonly controlIsDefault: boolean;
  /** The relay that packets go through; undefined for none. */
  readonly via: ViaPlan | undefined;
  readonly mode: Mode;
  readonly stages: readonly Stage[];
  readonly arrival: Arrival;
  /** Packets a second, for which buffers are sized. */
  readonly highestRate: number;
  readonly seconds: number;
  readonly count: number | undefined;
  readonly size: number;
  readonly timeoutMs: number;
  /** How long after its sending a packet is waited for (the loss threshold of RFC 7680 section 2.4). */
  readonly waitMs: number;
  readonly warmupSeconds: number;
  readonly seed: number;
  readonly family: 0 | 4 | 6;
  readonly intervalMs: number;
  readonly http: HttpOptions;
  /** The certificates that the run accepts, if it is encrypted. */
  readonly tls: TlsPlan;
  readonly follow: boolean;
  /** Undefined for those that every report has. */
  readonly percentiles: readonly number[] | undefined;
  readonly objectives: readonly Objective[];
}

/** Default of `timeout`, s. */
export const DEFAULT_TIMEOUT = 2;
/** The default waiting time is this much longer than the timeout at least, s. */
const MIN_WAIT_AFTER_TIMEOUT = 1;
const DEFAULT_RATE = 100;
const DEFAULT_SECONDS = 10;
const DEFAULT_SIZE = 64;
/** Rate for which a closed loop's buffers are sized, packets a second. */
const CLOSED_LOOP_RATE = 200_000;
const MAX_RATE = 10_000_000;

/** Resolves options into a plan. Throws a UsageError for an invalid value or combination. */
export function planRun(options: LoadOptions): RunPlan {
  const { protocol, family = 0 } = options;
  const targetText = options.target ?? defaultTarget(options);
  const target = parseTarget(targetText, protocol);
  const mode = planMode(options);
  checkFamily(target, family);
  const stages = planStages(options);
  const kind: RunKind = {
    protocol,
    stamp: REGISTRY[protocol].stamp && mode === "stamp",
    closedLoop: options.rate === "max",
  };
  return {
    ...kind,
    target,
    targetText: target.url?.href ?? formatHostPort(target.hostname, target.port),
    isDefaultTarget: options.target === undefined,
    hint: isLabHere(target, options)
      ? `; to start the lab${isSecure(protocol) ? " with TLS on" : ""}: bun run dev`
      : "",
    controlUrl: planControl(options, target),
    controlIsDefault: options.control === undefined,
    via: planVia(options, REGISTRY[protocol].transport),
    mode,
    stages,
    arrival: options.arrival ?? "constant",
    highestRate: kind.closedLoop ? CLOSED_LOOP_RATE : highestRate(stages),
    ...planConcurrency(options, kind),
    tls: planTls(options),
    seconds: totalSeconds(stages),
    count: options.count === undefined ? undefined : wholeInRange("count", options.count, 1, 1e12),
    size: planSize(options, kind),
    ...planWaiting(options),
    warmupSeconds: inRange("warmup", options.warmup ?? 0, 0, 3600, " s"),
    seed: wholeInRange("seed", options.seed ?? Math.floor(Math.random() * 2 ** 32), 0, 2 ** 32 - 1),
    family,
    intervalMs: inRange("interval", options.interval ?? 1, 0.01, 3600, " s") * 1000,
    http: options.http ?? {},
    follow: options.follow ?? (totalSeconds(stages) === Number.POSITIVE_INFINITY && options.count === undefined),
    percentiles: options.percentiles && checkPercentiles(options.percentiles),
    objectives: (options.objectives ?? []).map(parseObjective),
  };
}

function planMode({ protocol, mode }: LoadOptions): Mode {
  if (mode !== undefined && !REGISTRY[protocol].stamp) throw new UsageError(`--mode does not apply to ${protocol}`);
  return mode ?? "stamp";
}

function planWaiting({ timeout = DEFAULT_TIMEOUT, wait }: LoadOptions): Pick<RunPlan, "timeoutMs" | "waitMs"> {
  inRange("timeout", timeout, 0.001, 600, " s");
  const seconds = wait ?? Math.max(2 * timeout, timeout + MIN_WAIT_AFTER_TIMEOUT);
  if (wait !== undefined) inRange("wait", wait, 0.001, 3600, " s");
  if (seconds < timeout) throw new UsageError(`--wait ${seconds}: expected at least --timeout, which is ${timeout} s`);
  return { timeoutMs: timeout * 1000, waitMs: seconds * 1000 };
}

function planStages(options: LoadOptions): readonly Stage[] {
  const { rate = DEFAULT_RATE, stages, duration, count } = options;
  if (stages !== undefined) return checkStages(stages, options);
  // A count without a duration has no other limit.
  const seconds = duration ?? (count === undefined ? DEFAULT_SECONDS : Number.POSITIVE_INFINITY);
  if (typeof seconds !== "number" || !(seconds > 0))
    throw new UsageError(`--duration ${seconds}: expected more than 0`);
  if (rate === "max") {
    if (options.arrival === "poisson") {
      throw new UsageError("--arrival poisson requires a rate: --rate max has no schedule");
    }
    return [{ from: 0, to: 0, seconds }];
  }
  inRange("rate", rate, 0.001, MAX_RATE, " packets a second");
  return [{ from: rate, to: rate, seconds }];
}

function checkStages(stages: readonly Stage[], { rate, duration }: LoadOptions): readonly Stage[] {
  if (rate !== undefined) throw new UsageError("--stages and --rate exclude each other: the stages define the rate");
  if (duration !== undefined) {
    throw new UsageError("--stages and --duration exclude each other: the stages define the duration");
  }
  for (const stage of stages) inRange("stages", Math.max(stage.from, stage.to), 0, MAX_RATE, " packets a second");
  if (highestRate(stages) === 0) throw new UsageError("--stages: at least one stage must have a rate above 0");
  return stages;
}

function planSize({ size, mode }: LoadOptions, { protocol, stamp }: RunKind): number {
  const max = REGISTRY[protocol].largestPayload;
  if (stamp) return wholeInRange("size", size ?? DEFAULT_SIZE, STAMP_LENGTH, Math.min(max, FRAME_MAX_LENGTH));
  if (size === undefined) return mode === "plain" ? 0 : DEFAULT_SIZE;
  return wholeInRange("size", size, 1, max);
}

function planControl({ control, labPorts }: LoadOptions, target: Target): URL | undefined {
  if (control === false) return undefined;
  const given = control ?? defaultControl(target.hostname, labPorts);
  const text = given.includes("://") ? given : `http://${given}`;
  if (!URL.canParse(text)) throw new UsageError(`--control ${given}: expected host:port or a URL`);
  return withoutUser("control", new URL(text));
}
