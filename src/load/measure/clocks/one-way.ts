/** One-way times of a run, and the clocks that they depend on. */
import type { ErrorEstimate } from "../../../stamp/packet.ts";
import { DelayVariation } from "../delays/delay-variation.ts";
import { SignedTimes } from "../histograms/signed-times.ts";
import { SenderClock } from "./clock-steps.ts";
import { TargetClock } from "./target-clock.ts";

/** A step of the clock of one end during the run. */
export interface EndpointStep {
  readonly side: "sender" | "reflector";
  /** Send time of the first packet after the step, from the first packet of the run, s. */
  readonly atSeconds: number;
  /** By how much the clock was set forward, s; negative if it was set back. */
  readonly seconds: number;
}

/** The one-way times of all sessions of a run. */
export class OneWay {
  /** T2 - T1. */
  readonly up = new SignedTimes();
  /** T4 - T3. */
  readonly down = new SignedTimes();
  readonly variation = { up: new DelayVariation(), down: new DelayVariation() };
  readonly sender = new SenderClock();
  readonly target = new TargetClock();
  #estimate: ErrorEstimate | undefined;

  /** Records an exchange whose packet was sent at `t1` by the sender's time: T2 - T1 and T4 - T3, ms. */
  record(t1: number, up: number, down: number): void {
    this.up.record(up);
    this.down.record(down);
    this.target.add(t1, up, down);
  }

  /** Combines the error estimate of an answer with the earlier ones: the clock is as good as its worst estimate. */
  observeEstimate(estimate: ErrorEstimate): void {
    const before = this.#estimate;
    if (before === estimate) return;
    if (before === undefined) {
      this.#estimate = estimate;
      return;
    }
    const { synchronized, format, errorSeconds } = estimate;
    if (before.synchronized === synchronized && before.errorSeconds === errorSeconds) return;
    this.#estimate = {
      format,
      synchronized: before.synchronized && synchronized,
      errorSeconds:
        before.errorSeconds === null || errorSeconds === null ? null : Math.max(before.errorSeconds, errorSeconds),
    };
  }

  /** The target's own statement about its clock; undefined without STAMP answers. */
  get reflectorClock(): ErrorEstimate | undefined {
    return this.#estimate;
  }

  /** Steps of both clocks, in the order of their times. */
  get steps(): EndpointStep[] {
    return [
      ...this.sender.steps.map((step) => ({ side: "sender", ...step }) as const),
      ...this.target.steps.map((step) => ({ side: "reflector", ...step }) as const),
    ].sort((one, other) => one.atSeconds - other.atSeconds);
  }

  /** Whether both ends read the same time within the error of the comparison, throughout the run. */
  get isComparable(): boolean {
    return this.target.isComparable && this.sender.steps.length === 0;
  }
}
