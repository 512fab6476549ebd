/** Attributes a run's losses to a direction by the best source that the target offers, during the run and at its end. */
import { type Clock, sleep } from "../../../base/clock.ts";
import { REGISTRY } from "../../../base/protocol.ts";
import type { RunPlan } from "../../plan/run-plan.ts";
import { noCounts } from "../counts.ts";
import type { Recorder } from "../recorder.ts";
import { attributeHttp, newHttpSession } from "./http-losses.ts";
import { InterimAttribution } from "./interim-direction.ts";
import { LabIdentity } from "./lab-identity.ts";
import { arrivedOf, LabQuery, withHost } from "./lab-query.ts";
import {
  attributeByLab,
  attributeByReflector,
  attributeByTarget,
  contradictsNumbers,
  type Directions,
  unattributed,
} from "./loss-direction.ts";

/** Interval of the queries during a run. */
const QUERY_EVERY_MS = 2000;
/** Interval of the queries until the target is identified. */
const IDENTIFY_EVERY_MS = 10;
/** Time after the first answer within which the lab lists the session, if it is the target. */
const IDENTIFY_MS = 1000;
/** Interval of the queries at the end of the run. */
const RETRY_MS = 50;
/** Time after its timeout within which a lost packet is counted. */
const EXPIRY_SLACK_MS = 50;
/** Least time for which a lab that responded at the start is queried, because its link may lose packets. */
const MIN_PATIENCE_MS = 5000;

/** The URL with the address that its name resolved to, unless a certificate names the host. */
function atAddress(url: URL, address: string): URL {
  return url.protocol === "https:" ? url : withHost(url, address);
}

/** Queries the lab, if there is one, and attributes the losses of one run. */
export class LossAttribution {
  /** Whether the target is a lab. */
  readonly identity = new LabIdentity();
  /** The id that the requests of an HTTP run have. */
  readonly httpSession = newHttpSession();
  readonly #plan: RunPlan;
  readonly #clock: Clock;
  readonly #lab: LabQuery;
  /** Why the lab's summary is not used; undefined while it may be. */
  #reason: string | undefined;
  /** Whether the numbers of the lab's answers can have begun again during the run. */
  #numbersRestart = false;
  #recorder: Recorder | undefined;
  #interim: InterimAttribution | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isStopped = false;
  /** Where the lab of an HTTP run is asked for its losses; undefined for other runs. */
  #httpOrigin: URL | undefined;

  /** @param ssid the session id to start with; another one is chosen if it is in use at the lab */
  constructor(plan: RunPlan, clock: Clock, ssid: number) {
    this.#plan = plan;
    this.#clock = clock;
    this.#lab = new LabQuery(plan, clock, ssid);
  }

  /** The session id of the run; final after `findLab`. */
  get ssid(): number {
    return this.#lab.ssid;
  }

  /**
   * Looks for a lab at the control address, and chooses a session id that is not in use there. Only STAMP packets have
   * sessions, so other runs do not ask. Whether that lab is the target is decided when it lists the session.
   * @param address the target's address, which replaces its name in the default control address
   */
  async findLab(address: string): Promise<void> {
    const { controlUrl, stamp, protocol, target } = this.#plan;
    if (controlUrl && REGISTRY[protocol].requests) this.#httpOrigin = this.#originOf(controlUrl, address);
    const hasPort = controlUrl === undefined || !stamp ? undefined : await this.#lab.find(controlUrl, address);
    if (hasPort === undefined) this.identity.decide(false);
    if (hasPort !== false) return;
    this.#reject(`the lab at ${this.#lab.host} does not receive ${protocol} packets on port ${target.port}`);
  }

  /** A given control address, else the target itself over HTTP, and the default control address over the other versions. */
  #originOf(controlUrl: URL, address: string): URL {
    const { controlIsDefault, protocol, target } = this.#plan;
    if (!controlIsDefault) return controlUrl;
    return protocol === "http" && target.url ? atAddress(target.url, address) : withHost(controlUrl, address);
  }

  /** The lab is not the target, or its summary cannot be used any more. */
  #reject(reason: string): void {
    this.#reason ??= reason;
    this.#interim = undefined;
    clearInterval(this.#timer);
    this.identity.decide(false);
  }

  /**
   * The measurement starts. With `follow`, losses are attributed during the run from now on.
   * @param localPorts the local ports of the run's sockets, also those that it adds later
   */
  start(recorder: Recorder, localPorts: ReadonlySet<number>): void {
    const { follow, waitMs } = this.#plan;
    this.#recorder = recorder;
    this.#lab.start(localPorts);
    const { instance } = this.#lab;
    if (instance === undefined || this.#reason !== undefined) return;
    void this.#identify(recorder);
    if (!follow) return;
    this.#interim = new InterimAttribution(recorder, waitMs, instance);
    this.#timer = setInterval(() => void this.#query(), QUERY_EVERY_MS);
  }

  /** Queries until the lab lists the session, or has not listed it though answers have arrived. */
  async #identify(recorder: Recorder): Promise<void> {
    let answeredAt: number | undefined;
    while (!this.#isStopped && this.identity.isLab === undefined) {
      await sleep(IDENTIFY_EVERY_MS);
      if (recorder.counts.sent === 0) continue;
      const verified = await this.#lab.query(recorder);
      if (verified?.sessions !== undefined) return this.identity.decide(true);
      if (arrivedOf(recorder) + recorder.deferredAnswers > 0) answeredAt ??= this.#clock.now();
      const elapsed = answeredAt === undefined ? 0 : this.#clock.now() - answeredAt;
      if (verified !== undefined && elapsed > IDENTIFY_MS) {
        this.#numbersRestart ||= verified.numbersRestart === true;
        this.#reject(verified.reason);
      }
      // Without a response the target may still be a lab: its summary is requested again at the end.
      else if (elapsed > MIN_PATIENCE_MS) this.identity.decide(false);
    }
  }

  async #query(): Promise<void> {
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    const checkpoint = recorder.openCheckpoint(this.#clock.now());
    const { sent } = recorder.counts;
    const { pending } = recorder;
    const verified = await this.#lab.queryAnyInstance(recorder);
    if (verified?.sessions === undefined) return recorder.closeCheckpoint(checkpoint);
    const { instance, sessions } = verified;
    const uncertain = pending + recorder.counts.sent - sent;
    this.#interim?.addSummary({ checkpoint, sent, uncertain, instance, sessions });
    setTimeout(() => this.#interim?.reconcile(this.#clock.now()), this.#plan.waitMs + EXPIRY_SLACK_MS);
  }

  /** The attribution so far. */
  get interim(): Directions {
    if (this.#interim !== undefined) return this.#interim.directions;
    if (this.#recorder === undefined) return unattributed({ counts: noCounts() });
    return attributeByTarget(this.#recorder);
  }

  /**
   * Decides whether the target is a lab, by one more query if necessary, so that every answer that was held is counted.
   * Call when no packet is pending.
   */
  async conclude(recorder: Recorder): Promise<void> {
    if (this.identity.isLab !== undefined) return;
    const verified = await this.#lab.query(recorder);
    this.identity.decide(verified?.sessions !== undefined);
  }

  /** Stops the queries. Without a decision so far, the target counts as not being a lab. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.identity.decide(false);
  }

  /** The final attribution, when no packet is pending. */
  async finalize(recorder: Recorder): Promise<Directions> {
    clearInterval(this.#timer);
    const directions = await this.#finalDirections(recorder);
    const remarks = [directions.reason, this.#lab.note].filter((remark) => remark !== undefined);
    return remarks.length === 0 ? directions : { ...directions, reason: remarks.join("; ") };
  }

  async #finalDirections(recorder: Recorder): Promise<Directions> {
    if (this.#interim !== undefined && this.#interim.epochs > 1) {
      // The lab's last summary covers only the last part of the run.
      await this.#query();
      this.#interim.reconcile(Number.POSITIVE_INFINITY);
      return { ...this.#interim.certain, reason: "the lab restarted during the run" };
    }
    const byLab = await this.#byLab(recorder);
    if (byLab !== undefined) return byLab;
    const other = REGISTRY[this.#plan.protocol].requests
      ? await attributeHttp(recorder, this.#httpOrigin, this.httpSession)
      : this.#byAnswers(recorder);
    const reasons = [this.#reason, other.reason].filter((reason) => reason !== undefined);
    return reasons.length === 0 ? other : { ...other, reason: reasons.join("; ") };
  }

  /** By what the answers themselves say. */
  #byAnswers(recorder: Recorder): Directions {
    if (this.#numbersRestart) return unattributed(recorder);
    const isNumbered = this.#plan.stamp && recorder.statefulAnswers > 0;
    return isNumbered ? attributeByReflector(recorder) : attributeByTarget(recorder);
  }

  /** By the lab's summary, queried until the lab holds no packet of the run or the patience is over. */
  async #byLab(recorder: Recorder): Promise<Directions | undefined> {
    if (this.#lab.instance === undefined || this.#reason !== undefined) return undefined;
    const deadline = this.#clock.now() + Math.max(this.#plan.timeoutMs, MIN_PATIENCE_MS);
    for (;;) {
      const verified = await this.#lab.query(recorder);
      const isOver = this.#clock.now() >= deadline;
      if (verified?.sessions !== undefined) {
        const directions = attributeByLab(recorder, verified.sessions, this.#lab.targetBufferDrops);
        const isFinal = directions.heldByLab === 0 || isOver;
        if (isFinal && !contradictsNumbers(recorder, directions, verified.sessions)) return directions;
        if (isFinal) {
          this.#reason = "the lab's summary contradicts the numbers of its answers";
          return undefined;
        }
      } else if (verified !== undefined || isOver) {
        this.#reason = verified?.reason ?? "the lab did not respond at the end of the run";
        this.#numbersRestart ||= verified?.numbersRestart === true;
        return undefined;
      }
      await sleep(RETRY_MS);
    }
  }
}
