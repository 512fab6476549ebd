/** Attributes a run's losses to a direction by the best source that the target offers, during the run and at its end. */
import { type Clock, sleep } from "../../base/clock.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { noCounts } from "./counts.ts";
import { InterimAttribution } from "./interim-direction.ts";
import { LabIdentity } from "./lab-identity.ts";
import { fetchSummary, type Verified, verify } from "./lab-summary.ts";
import {
  attributeByLab,
  attributeByReflector,
  attributeByTarget,
  type Directions,
  unattributed,
} from "./loss-direction.ts";
import type { Checkpoint, Recorder } from "./recorder.ts";
import { type LabSummary, listenerOf, type RunIdentity } from "./session-summary.ts";

/** Interval of the queries during a run. */
const QUERY_EVERY_MS = 2000;
/** Interval of the queries until the lab is identified, and at the end of the run. */
const RETRY_MS = 50;
/** Time after the first answer within which the lab lists the session, if it is the target. */
const IDENTIFY_MS = 1000;
/** Time after its timeout within which a lost packet is counted. */
const EXPIRY_SLACK_MS = 50;
/** Least time for which a lab that responded at the start is queried at the end, because its link may lose packets. */
const MIN_PATIENCE_MS = 5000;
/** Session ids that are tried until one is not in use. */
const MAX_SSID_ATTEMPTS = 10;

/** Packets that have an answer. */
function arrivedOf({ counts }: Recorder): number {
  return counts.answered + counts.late + counts.corrupt + counts.failed;
}

/** Queries the lab, if there is one, and attributes the losses of one run. */
export class LossAttribution {
  /** Whether the target is a lab. */
  readonly identity = new LabIdentity();
  readonly #plan: RunPlan;
  readonly #clock: Clock;
  #controlUrl: URL | undefined;
  #ssid: number;
  /** The first response of the lab, which a later one is compared with. */
  #first: LabSummary | undefined;
  /** Why the lab's summary is not used; undefined while it may be. */
  #reason: string | undefined;
  #recorder: Recorder | undefined;
  #run: RunIdentity | undefined;
  #interim: InterimAttribution | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isStopped = false;

  /** @param ssid the session id to start with; another one is chosen if the lab knows it already */
  constructor(plan: RunPlan, clock: Clock, ssid: number) {
    this.#plan = plan;
    this.#clock = clock;
    this.#ssid = ssid;
  }

  /** The session id of the run; final after `findLab`. */
  get ssid(): number {
    return this.#ssid;
  }

  /**
   * Looks for a lab at the control address, and chooses a session id that it does not know. Only STAMP packets have
   * sessions, so other runs do not ask. Whether that lab is the target is decided when it lists the session.
   * @param address the target's address, which replaces its name in the default control address
   */
  async findLab(address: string): Promise<void> {
    const { controlUrl, stamp } = this.#plan;
    if (controlUrl === undefined || !stamp) return this.identity.decide(false);
    this.#controlUrl = this.#plan.controlIsDefault ? withHost(controlUrl, address) : controlUrl;
    for (let attempt = 0; attempt < MAX_SSID_ATTEMPTS; attempt++) {
      // Two attempts, because a lossy link may delay the first beyond its timeout.
      const summary = (await this.#fetch()) ?? (await this.#fetch());
      this.#first ??= summary;
      if (summary === undefined || summary.sessions.length === 0) break;
      this.#ssid = (this.#ssid % 0xffff) + 1;
    }
    const run = { protocol: this.#plan.protocol, targetPort: this.#plan.target.port, ports: new Set<number>() };
    if (this.#first === undefined) return this.identity.decide(false);
    if (listenerOf(this.#first, run) !== undefined) return;
    this.#reject(
      `the lab at ${this.#controlUrl.host} does not receive ${run.protocol} packets on port ${run.targetPort}`,
    );
  }

  #fetch(): Promise<LabSummary | undefined> {
    return this.#controlUrl === undefined ? Promise.resolve(undefined) : fetchSummary(this.#controlUrl, this.#ssid);
  }

  /** The lab is not the target, or its summary cannot be used any more. */
  #reject(reason: string): void {
    this.#reason ??= reason;
    this.identity.decide(false);
  }

  /**
   * The measurement starts. With `follow`, losses are attributed during the run from now on.
   * @param localPorts the local ports of the run's sockets, also those that it adds later
   */
  start(recorder: Recorder, localPorts: ReadonlySet<number>): void {
    const { protocol, target, follow, timeoutMs } = this.#plan;
    this.#recorder = recorder;
    this.#run = { protocol, targetPort: target.port, ports: localPorts };
    if (this.identity.isLab !== undefined) return;
    void this.#identify(recorder);
    if (!follow) return;
    this.#interim = new InterimAttribution(recorder, timeoutMs);
    this.#timer = setInterval(() => void this.#query(), QUERY_EVERY_MS);
  }

  /** Queries until the lab lists the session, or has not listed it though answers have arrived. */
  async #identify(recorder: Recorder): Promise<void> {
    let answeredAt: number | undefined;
    while (!this.#isStopped && this.identity.isLab === undefined) {
      await sleep(RETRY_MS);
      if (recorder.counts.sent === 0) continue;
      const verified = await this.#verifiedSummary(recorder);
      if (verified?.sessions !== undefined) return this.identity.decide(true);
      if (arrivedOf(recorder) + recorder.deferredAnswers > 0) answeredAt ??= this.#clock.now();
      if (answeredAt !== undefined && this.#clock.now() - answeredAt > IDENTIFY_MS) {
        this.#reject(verified?.reason ?? "the lab does not respond");
      }
    }
  }

  /** The lab's sessions of the run, or the reason why they cannot be used; undefined without a response. */
  async #verifiedSummary(recorder: Recorder): Promise<Verified | undefined> {
    if (this.#run === undefined || this.#first === undefined) return undefined;
    const arrived = arrivedOf(recorder);
    const summary = await this.#fetch();
    return summary && verify(summary, this.#first, this.#run, { arrived, sent: recorder.counts.sent });
  }

  async #query(): Promise<void> {
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    const checkpoint: Checkpoint = recorder.openCheckpoint(this.#clock.now());
    const { sent } = recorder.counts;
    const arrived = arrivedOf(recorder);
    const summary = await this.#fetch();
    if (summary === undefined || this.#run === undefined) return recorder.closeCheckpoint(checkpoint);
    const isNewInstance = summary.instance !== this.#first?.instance;
    const known = isNewInstance ? 0 : arrived;
    const verified = verify(summary, summary, this.#run, { arrived: known, sent: recorder.counts.sent });
    if (verified.sessions === undefined) return recorder.closeCheckpoint(checkpoint);
    const { instance } = summary;
    this.#interim?.addSummary({ checkpoint, sent, instance, sessions: verified.sessions });
    setTimeout(() => this.#interim?.reconcile(this.#clock.now()), this.#plan.timeoutMs + EXPIRY_SLACK_MS);
  }

  /** The attribution so far. */
  get interim(): Directions {
    if (this.#interim !== undefined) return this.#interim.directions;
    if (this.#recorder === undefined) return unattributed({ counts: noCounts() });
    return attributeByTarget(this.#recorder);
  }

  /** Stops the queries. Without a decision so far, the target counts as not being a lab. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.identity.decide(false);
  }

  /** The final attribution, when no packet is pending. */
  async finalize(recorder: Recorder): Promise<Directions> {
    if (this.#interim !== undefined && this.#interim.epochs > 1) {
      // The lab restarted, so its last summary covers only the last part of the run.
      await this.#query();
      this.#interim.reconcile(Number.POSITIVE_INFINITY);
      return this.#interim.directions;
    }
    const byLab = this.#first === undefined || this.#reason !== undefined ? undefined : await this.#byLab(recorder);
    if (byLab !== undefined) return byLab;
    const other =
      this.#plan.stamp && recorder.statefulAnswers > 0 ? attributeByReflector(recorder) : attributeByTarget(recorder);
    const reasons = [this.#reason, other.reason].filter((reason) => reason !== undefined);
    return reasons.length === 0 ? other : { ...other, reason: reasons.join("; ") };
  }

  /** By the lab's summary, queried until the lab holds no packet of the run or the patience is over. */
  async #byLab(recorder: Recorder): Promise<Directions | undefined> {
    const deadline = this.#clock.now() + Math.max(this.#plan.timeoutMs, MIN_PATIENCE_MS);
    for (;;) {
      const verified = await this.#verifiedSummary(recorder);
      const isOver = this.#clock.now() >= deadline;
      if (verified?.sessions !== undefined) {
        const directions = attributeByLab(recorder, verified.sessions);
        if (directions.heldByLab === 0 || isOver) return directions;
      } else if (verified !== undefined || isOver) {
        this.#reason = verified?.reason ?? "the lab did not respond at the end of the run";
        return undefined;
      }
      await sleep(RETRY_MS);
    }
  }
}

/** The same URL with another host. */
function withHost(url: URL, address: string): URL {
  const changed = new URL(url);
  changed.hostname = address.includes(":") ? `[${address}]` : address;
  return changed;
}
