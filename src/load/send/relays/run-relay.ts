/** The relay of one run: opened before the connections, read before the first packet and after the last answer. */
import { formatHostPort } from "../../../base/address.ts";
import { type Clock, sleep } from "../../../base/clock.ts";
import { formatCount } from "../../../base/format.ts";
import { REGISTRY } from "../../../base/protocol.ts";
import type { Directions } from "../../measure/directions/loss-direction.ts";
import { attributeByRelay, hasOtherClients } from "../../measure/directions/relay-losses.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { errorsGain, gainSince, hasWaiting, type RelayGain, type RelayReading } from "../../measure/relays/reading.ts";
import { TargetError } from "../../plan/errors.ts";
import type { RunPlan } from "../../plan/run-plan.ts";
import { type Endpoint, parseTarget, resolveTarget } from "../../plan/target.ts";
import type { OwnRelayPlan } from "../../plan/via.ts";
import { findLabRelay } from "./lab-relay.ts";
import { NO_RELAY, type OpenRelay, type RelayPath } from "./relay-path.ts";

/** What a relay did during a run. */
export interface RelayResult {
  readonly path: Pick<RelayPath, "name" | "transport" | "address" | "port">;
  /** The faults at the end of the run, as text, or those of its plan. */
  readonly faults: string;
  /** Undefined if it is not known, for the reason given. */
  readonly gain: RelayGain | undefined;
  readonly reason: string | undefined;
  /** How often it could not reach the target, by reason. */
  readonly upstreamErrors: Readonly<Record<string, number>>;
  /** Whether others used the relay during the run; undefined if that is not known. */
  readonly otherClients: boolean | undefined;
}

const NO_FIRST_RESPONSE = "the relay did not respond before the first packet";
const NO_RESPONSE = "the relay did not respond at the end of the run";
const AGAIN = "the relay was made again during the run";
const CHANGED = "the faults of the relay were changed during the run";
const WAITED = "packets from before the measurement waited in the relay when it began; the counts include them";
/** Time between two readings of a relay in which packets wait, ms. */
const POLL_MS = 10;

/** Whether each packet of a run is one datagram, so that its losses are those of the relay. */
function isOfDatagrams({ protocol }: RunPlan): boolean {
  const { transport, requests } = REGISTRY[protocol];
  return transport === "udp" && !requests;
}

async function openOwn(plan: RunPlan, via: OwnRelayPlan, target: Endpoint, open: OpenRelay): Promise<RelayPath> {
  const { transport } = REGISTRY[plan.protocol];
  try {
    return await open({ transport, host: target.address, port: target.port, faults: via.faults, seed: plan.seed });
  } catch (error) {
    throw new TargetError(`--via ${via.text}: ${error instanceof Error ? error.message : "no relay"}`, NO_RELAY);
  }
}

/** The relay of a run. */
export class RunRelay {
  #opened: RelayReading | undefined;
  #before: RelayReading | undefined;
  #last: RelayReading | undefined;

  private constructor(
    private readonly plan: RunPlan,
    private readonly path: RelayPath,
    /** The target, which without one in the options is what is behind the relay. */
    readonly target: Pick<RunPlan, "target" | "targetText" | "isDefaultTarget">,
    /** Where clients connect to in place of the target. */
    readonly endpoint: Endpoint,
  ) {}

  /**
   * Opens the relay of the plan; undefined without one. Rejects with a TargetError.
   * @param open starts a relay; undefined where a run cannot have one of its own
   */
  static async open(plan: RunPlan, target: Endpoint, open: OpenRelay | undefined): Promise<RunRelay | undefined> {
    const { via } = plan;
    if (via === undefined) return undefined;
    if (via.kind === "own") {
      if (open === undefined) throw new TargetError("--via with faults is not supported here", NO_RELAY);
      const path = await openOwn(plan, via, target, open);
      return await RunRelay.#make(plan, path, plan, target);
    }
    const { path, upstream } = await findLabRelay(plan, via, target);
    if (!plan.isDefaultTarget)
      return await RunRelay.#make(plan, path, plan, target, via.name === undefined ? upstream : undefined);
    const parsed = parseTarget(upstream, plan.protocol);
    const behind = { target: parsed, targetText: parsed.url?.href ?? upstream, isDefaultTarget: false };
    const { sameHost } = await resolveTarget(parsed, plan.family).catch(() => ({ sameHost: false }));
    return await RunRelay.#make(plan, path, behind, { ...parsed, sameHost, address: parsed.hostname });
  }

  /** Reads the counters too, for a run that ends before its first packet. */
  static async #make(
    plan: RunPlan,
    path: RelayPath,
    target: RunRelay["target"],
    end: Endpoint,
    behind = formatHostPort(end.address, end.port),
  ): Promise<RunRelay> {
    const { address, port } = path;
    const relay = new RunRelay(plan, path, target, { ...end, address, port, behind });
    relay.#opened = await path.read();
    relay.#before = relay.#opened;
    return relay;
  }

  /**
   * Reads the counters before the first packet, when nothing waits in the relay: neither packets of handshakes nor of a warm-up.
   * After the timeout of a packet, or when `isStopped` says so, they are read nevertheless.
   */
  async start(clock: Clock, isStopped: () => boolean): Promise<void> {
    const deadline = clock.now() + this.plan.timeoutMs;
    for (;;) {
      this.#before = await this.path.read();
      if (this.#before === undefined || !hasWaiting(this.#before) || isStopped() || clock.now() >= deadline) return;
      await sleep(POLL_MS);
    }
  }

  /** Reads the counters after the last answer. */
  async end(): Promise<void> {
    this.#last = await this.path.read();
  }

  /** Whether the target has refused packets or connections of the relay since `start`. */
  async isRefused(): Promise<boolean> {
    const now = await this.path.read();
    return now !== undefined && this.#before !== undefined && (errorsGain(now, this.#before).refused ?? 0) > 0;
  }

  /** Ends the use of the relay, after a reading unless there was one at the end. */
  async close(): Promise<void> {
    if (this.#last === undefined) await this.end();
    await this.path.close();
  }

  /** What the relay did between `start` and `end`, or since it was opened if the run ended before its first packet. */
  result(recorder: Recorder): RelayResult {
    const [before, last] = [this.#before, this.#last];
    const gain = before && last && gainSince(last, before, this.path.transport === "tcp" ? this.#opened : before);
    const missing = last === undefined ? NO_RESPONSE : before === undefined ? NO_FIRST_RESPONSE : AGAIN;
    const reason = gain === undefined ? missing : undefined;
    const isChanged = before !== undefined && last !== undefined && before.faultChanges !== last.faultChanges;
    const notes = [...(isChanged ? [CHANGED] : []), ...(this.#hadWaiting ? [WAITED] : [])];
    const { via } = this.plan;
    return {
      path: this.path,
      faults: last?.faults ?? before?.faults ?? via?.text ?? "",
      gain,
      reason: reason ?? (notes.length > 0 ? notes.join("; ") : undefined),
      upstreamErrors: (last && before && errorsGain(last, before)) ?? {},
      otherClients: gain && this.#otherClients(recorder, gain),
    };
  }

  /** Whether the counts have packets that the run did not send in its measurement. */
  get #hadWaiting(): boolean {
    return this.#before !== undefined && hasWaiting(this.#before);
  }

  /** Appended to the reason of a run without an answer: why the relay could not reach the target. Empty if it could. */
  get unreachable(): string {
    const errors = this.#before && this.#last ? Object.entries(errorsGain(this.#last, this.#before)) : [];
    if (errors.length === 0) return "";
    return `; the relay could not reach it (${errors.map(([reason, count]) => `${reason} × ${formatCount(count)}`).join(", ")})`;
  }

  #otherClients(recorder: Recorder, gain: RelayGain): boolean | undefined {
    if (isOfDatagrams(this.plan) && !this.#hadWaiting) return hasOtherClients(recorder, gain);
    return this.path.name === undefined ? false : undefined;
  }

  /** The directions of a run's losses by the relay's counters, where these are of its packets. */
  attribute(recorder: Recorder, beyond: Directions): Directions {
    if (!isOfDatagrams(this.plan)) return beyond;
    const { gain, reason } = this.result(recorder);
    if (gain !== undefined && !this.#hadWaiting) return attributeByRelay(recorder, beyond, gain);
    return { ...beyond, reason: [reason, beyond.reason].filter((text) => text !== undefined).join("; ") };
  }

  /** Host and port to which packets are sent. */
  get where(): string {
    return formatHostPort(this.endpoint.address, this.endpoint.port);
  }
}
