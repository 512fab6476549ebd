/** Compares the target's clock with the sender's: offset, drift and steps, from the timestamps of STAMP exchanges. */
import { BestExchanges, type ClockOffset } from "./best-exchanges.ts";
import { type ClockStep, StepDetector } from "./clock-steps.ts";

/** A round trip that is negative by more than this is impossible; by less, it is due to coarse timestamps. ms. */
const COARSE_MS = 1;

/** The target's clock as the exchanges of a run show it. */
export class TargetClock {
  readonly #best = new BestExchanges();
  readonly #steps = new StepDetector();

  /** Adds an exchange whose packet was sent at `sentAt` by the sender's clock: T2 - T1 and T4 - T3, all in ms. */
  add(sentAt: number, up: number, down: number): void {
    if (up + down < -COARSE_MS) return;
    if (this.#steps.accepts(sentAt, -down, up)) this.#best.add(sentAt, up + down, (up - down) / 2);
  }

  /** Steps of the target's clock. */
  get steps(): readonly ClockStep[] {
    return this.#steps.steps;
  }

  /** Offset over the whole run; undefined without exchanges. */
  get offset(): ClockOffset | undefined {
    return this.#best.whole;
  }

  /** By how much the offset of the second half of the run exceeds that of the first, s. */
  get drift(): number | undefined {
    const halves = this.#best.halves;
    return halves && halves[1].seconds - halves[0].seconds;
  }

  /** Whether the offset is 0 within its error, in the whole run and in each half, and the clock was not set. */
  get isComparable(): boolean {
    const { whole, halves } = this.#best;
    if (whole === undefined || this.steps.length > 0) return false;
    return [whole, ...(halves ?? [])].every(({ seconds, error }) => Math.abs(seconds) <= error);
  }
}
