/** Which way a run's losses went, by the best evidence that its target gives; while it lasts and at its end. */
import type { Clock } from "../../base/clock.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { LiveSettlement } from "./interim-direction.ts";
import { fetchSummary, type SummaryRequest, settleWithLab } from "./lab-summary.ts";
import { type Directions, settleByNothing, settleByReflector, settleByTarget } from "./loss-direction.ts";
import type { Recorder } from "./recorder.ts";

/** How often a run that goes on asks the lab. */
const LOOK_EVERY_MS = 2000;
/** How much later than its timeout a lost packet may be found. */
const SWEEP_SLACK_MS = 50;

/** Asks the lab, where there is one, and settles. */
export class EvidenceKeeper {
  readonly #plan: RunPlan;
  readonly #clock: Clock;
  readonly #ssid: number;
  #lab = false;
  #recorder: Recorder | undefined;
  #request: SummaryRequest | undefined;
  #live: LiveSettlement | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(plan: RunPlan, clock: Clock, ssid: number) {
    this.#plan = plan;
    this.#clock = clock;
    this.#ssid = ssid;
  }

  /** Finds out whether the control address answers as a lab's does. HTTP and plain text have no sessions to ask for. */
  async findLab(): Promise<boolean> {
    const { controlUrl, protocol, mode } = this.#plan;
    if (controlUrl === undefined || protocol === "http" || mode === "plain") return false;
    const request = { controlUrl, ssid: this.#ssid, protocol, ports: new Set<number>() };
    // Twice: on a lossy way the first question may take longer than anybody waits.
    this.#lab = ((await fetchSummary(request)) ?? (await fetchSummary(request))) !== undefined;
    return this.#lab;
  }

  /** What counts begins: from now on a run without an end is settled as it goes. */
  begin(recorder: Recorder, localPorts: ReadonlySet<number>): void {
    const { controlUrl, protocol, follow, timeoutMs } = this.#plan;
    this.#recorder = recorder;
    if (!this.#lab || controlUrl === undefined) return;
    this.#request = { controlUrl, ssid: this.#ssid, protocol, ports: localPorts };
    if (!follow) return;
    this.#live = new LiveSettlement(recorder, timeoutMs);
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    const recorder = this.#recorder;
    if (this.#request === undefined || recorder === undefined) return;
    const cut = recorder.openCut(this.#clock.now());
    const { sent } = recorder.counts;
    const sessions = await fetchSummary(this.#request);
    if (sessions === undefined || sessions.length === 0) {
      recorder.closeCut(cut);
      return;
    }
    this.#live?.look({ cut, sent, sessions });
    setTimeout(() => this.#live?.settle(this.#clock.now()), this.#plan.timeoutMs + SWEEP_SLACK_MS);
  }

  /** What is known while the run lasts. */
  get soFar(): Directions {
    if (this.#live !== undefined) return this.#live.directions;
    const recorder = this.#recorder;
    if (recorder === undefined) return NOTHING_YET;
    return this.#plan.protocol === "http" ? settleByTarget(recorder) : settleByNothing(recorder);
  }

  /** Stops asking; nothing of the run is awaited any more. */
  end(): void {
    clearInterval(this.#timer);
  }

  /** The last word. */
  async settle(recorder: Recorder): Promise<Directions> {
    const { protocol, mode, timeoutMs } = this.#plan;
    if (protocol === "http") return settleByTarget(recorder);
    if (this.#live !== undefined && this.#live.epochs > 1) {
      // The lab was started anew: its summary tells of the last part alone.
      await this.#look();
      this.#live.settle(Number.POSITIVE_INFINITY);
      return this.#live.directions;
    }
    if (this.#request !== undefined) {
      const settled = await settleWithLab(recorder, this.#request, this.#clock, timeoutMs);
      if (settled !== undefined) return settled;
    }
    return mode === "stamp" && recorder.ownNumbers > 0 ? settleByReflector(recorder) : settleByNothing(recorder);
  }
}

const NOTHING_YET: Directions = {
  lostUp: 0,
  lostDown: 0,
  unexplained: 0,
  droppedUp: 0,
  droppedDown: 0,
  evidence: "none",
  waiting: 0,
};
