/** Attributes a run's losses to a direction by the best source that the target offers, during the run and at its end. */
import type { Clock } from "../../base/clock.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { noCounts } from "./counts.ts";
import { InterimAttribution } from "./interim-direction.ts";
import { fetchSummary, queryDirections, type SummaryRequest } from "./lab-summary.ts";
import { attributeByReflector, attributeByTarget, type Directions, unattributed } from "./loss-direction.ts";
import type { Recorder } from "./recorder.ts";

/** Interval of the queries during a run. */
const QUERY_EVERY_MS = 2000;
/** Time after its timeout within which a lost packet is counted. */
const EXPIRY_SLACK_MS = 50;

/** Queries the lab, if there is one, and attributes the losses of one run. */
export class LossAttribution {
  readonly #plan: RunPlan;
  readonly #clock: Clock;
  readonly #ssid: number;
  #hasLab = false;
  #recorder: Recorder | undefined;
  #request: SummaryRequest | undefined;
  #interim: InterimAttribution | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(plan: RunPlan, clock: Clock, ssid: number) {
    this.#plan = plan;
    this.#clock = clock;
    this.#ssid = ssid;
  }

  /** Whether a lab responds at the control address. Only STAMP packets have sessions, so other runs do not ask. */
  async findLab(): Promise<boolean> {
    const { controlUrl, protocol, stamp } = this.#plan;
    if (controlUrl === undefined || !stamp) return false;
    const request = { controlUrl, ssid: this.#ssid, protocol, ports: new Set<number>() };
    // Two attempts, because a lossy link may delay the first beyond its timeout.
    this.#hasLab = ((await fetchSummary(request)) ?? (await fetchSummary(request))) !== undefined;
    return this.#hasLab;
  }

  /**
   * The measurement starts. With `follow`, losses are attributed during the run from now on.
   * @param localPorts the local ports of the run's sockets, also those that it adds later
   */
  start(recorder: Recorder, localPorts: ReadonlySet<number>): void {
    const { controlUrl, protocol, follow, timeoutMs } = this.#plan;
    this.#recorder = recorder;
    if (!this.#hasLab || controlUrl === undefined) return;
    this.#request = { controlUrl, ssid: this.#ssid, protocol, ports: localPorts };
    if (!follow) return;
    this.#interim = new InterimAttribution(recorder, timeoutMs);
    this.#timer = setInterval(() => void this.#query(), QUERY_EVERY_MS);
  }

  async #query(): Promise<void> {
    const recorder = this.#recorder;
    if (this.#request === undefined || recorder === undefined) return;
    const checkpoint = recorder.openCheckpoint(this.#clock.now());
    const { sent } = recorder.counts;
    const sessions = await fetchSummary(this.#request);
    if (sessions === undefined || sessions.length === 0) {
      recorder.closeCheckpoint(checkpoint);
      return;
    }
    this.#interim?.addSummary({ checkpoint, sent, sessions });
    setTimeout(() => this.#interim?.reconcile(this.#clock.now()), this.#plan.timeoutMs + EXPIRY_SLACK_MS);
  }

  /** The attribution so far. */
  get interim(): Directions {
    if (this.#interim !== undefined) return this.#interim.directions;
    if (this.#recorder === undefined) return unattributed({ counts: noCounts() });
    return attributeByTarget(this.#recorder);
  }

  /** Stops the queries. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** The final attribution, when no packet is pending. */
  async finalize(recorder: Recorder): Promise<Directions> {
    if (this.#interim !== undefined && this.#interim.epochs > 1) {
      // The lab restarted, so its last summary covers only the last part of the run.
      await this.#query();
      this.#interim.reconcile(Number.POSITIVE_INFINITY);
      return this.#interim.directions;
    }
    if (this.#request !== undefined) {
      const directions = await queryDirections(recorder, this.#request, this.#clock, this.#plan.timeoutMs);
      if (directions !== undefined) return directions;
    }
    return this.#plan.stamp && recorder.statefulAnswers > 0
      ? attributeByReflector(recorder)
      : attributeByTarget(recorder);
  }
}
