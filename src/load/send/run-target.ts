/** The target of a run: where its packets go, through a relay or not, and what tells the directions of its losses. */
import type { Clock } from "../../base/clock.ts";
import { LossAttribution } from "../measure/directions/loss-attribution.ts";
import type { Directions } from "../measure/directions/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { type Endpoint, resolveTarget } from "../plan/target.ts";
import { withMethod } from "./http/default-method.ts";
import type { OpenRelay } from "./relays/relay-path.ts";
import { RunRelay } from "./relays/run-relay.ts";
import { withLabAuthority } from "./trust.ts";

/** The target of one run. */
export class RunTarget {
  #plan: RunPlan;
  #attribution: LossAttribution;
  #relay: RunRelay | undefined;
  #endpoint: Endpoint | undefined;
  #directions: Directions | undefined;

  /** @param openRelay starts the relay of a plan with faults; undefined where a run cannot have one of its own */
  constructor(
    plan: RunPlan,
    private readonly clock: Clock,
    private readonly openRelay: OpenRelay | undefined,
  ) {
    this.#plan = plan;
    // The seed does not determine the session id: two runs with the same seed are two sessions.
    const ssid = 1 + Math.floor(Math.random() * 0xffff);
    this.#attribution = new LossAttribution(plan, clock, ssid);
  }

  /** The plan of the run, with what `open` has found. */
  get plan(): RunPlan {
    return this.#plan;
  }

  /** Attributes losses without the relay. */
  get attribution(): LossAttribution {
    return this.#attribution;
  }

  /** The relay in front of the target; undefined without one. */
  get relay(): RunRelay | undefined {
    return this.#relay;
  }

  /** The address and port of the target; undefined until its name is resolved. */
  get endpoint(): Endpoint | undefined {
    return this.#endpoint;
  }

  /** The directions of the losses so far. */
  get directions(): Directions {
    // The relay's counters are read at the end alone.
    return (this.#relay && this.#directions) ?? this.#attribution.interim;
  }

  /** The directions of all losses; undefined for a run that did not come to its end. */
  get finalDirections(): Directions | undefined {
    return this.#directions;
  }

  /** Resolves the target, opens the relay, and looks for a lab; returns where clients connect to. Rejects with a TargetError. */
  async open(): Promise<Endpoint> {
    const endpoint = await resolveTarget(this.#plan.target, this.#plan.family);
    this.#endpoint = endpoint;
    await this.#goThroughRelay(endpoint);
    await this.#attribution.findLab(endpoint.address);
    const http = await withMethod(this.#plan, endpoint, this.#attribution.ssid);
    this.#plan = { ...this.#plan, http, tls: await withLabAuthority(this.#plan) };
    return this.#relay?.endpoint ?? endpoint;
  }

  /** Opens the relay of the plan, if it has one; what is behind a relay of a lab is then the target. */
  async #goThroughRelay(endpoint: Endpoint): Promise<void> {
    this.#relay = await RunRelay.open(this.#plan, endpoint, this.openRelay);
    if (this.#relay === undefined || this.#relay.target.target === this.#plan.target) return;
    const { target, targetText, isDefaultTarget } = this.#relay.target;
    this.#endpoint = this.#relay.endpoint;
    this.#plan = { ...this.#plan, target, targetText, isDefaultTarget, hint: "" }; // the lab has responded
    this.#attribution = new LossAttribution(this.#plan, this.clock, this.#attribution.ssid);
  }

  /** Attributes all losses, when no packet is pending. */
  async finalize(recorder: Recorder): Promise<void> {
    const beyond = await this.#attribution.finalize(recorder);
    await this.#relay?.end();
    this.#directions = this.#relay?.attribute(recorder, beyond) ?? beyond;
  }
}
