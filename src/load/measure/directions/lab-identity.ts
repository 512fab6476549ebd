/** Whether the target of a run is a lab: undecided until the lab's summary lists a session of the run. */

/** A decision that is made once, possibly after the first answers have arrived. */
export class LabIdentity {
  #isLab: boolean | undefined;
  readonly #waiting: (() => void)[] = [];

  /** Undefined until decided. */
  get isLab(): boolean | undefined {
    return this.#isLab;
  }

  /** Decides; later calls change nothing. */
  decide(isLab: boolean): void {
    if (this.#isLab !== undefined) return;
    this.#isLab = isLab;
    for (const run of this.#waiting.splice(0)) run();
  }

  /** Calls `run` when the decision is made; at once if it is made already. */
  onDecision(run: () => void): void {
    if (this.#isLab === undefined) this.#waiting.push(run);
    else run();
  }
}
