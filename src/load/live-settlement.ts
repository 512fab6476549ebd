/**
 * Directions of losses while a run goes on, from the lab's summary asked now and then.
 *
 * A look at the lab at moment t tells how many of the packets sent until t it has handled; how many of those were lost
 * is known one timeout later, when the last of them is settled. So each look is kept for that long and then put
 * beside the ledger. What the lab forgets (it was started anew) begins an epoch: earlier ones keep what they had.
 */
import type { Recorder } from "./recorder.ts";
import type { Directions, SessionSummary } from "./settlement.ts";

/** Counts at one moment, all from the start of the run. */
interface Look {
  readonly at: number;
  readonly sent: number;
  readonly handled: number;
  readonly droppedUp: number;
  readonly droppedDown: number;
}

interface Sums {
  lostUp: number;
  lostDown: number;
  droppedUp: number;
  droppedDown: number;
}

const NOTHING: Look = { at: 0, sent: 0, handled: 0, droppedUp: 0, droppedDown: 0 };

function clamp(value: number, most: number): number {
  return Math.min(Math.max(0, value), most);
}

function lookOf(at: number, sent: number, sessions: readonly SessionSummary[]): Look {
  const sum = (of: (session: SessionSummary) => number) => sessions.reduce((total, session) => total + of(session), 0);
  return {
    at,
    sent,
    handled: sum(({ handled }) => handled),
    droppedUp: sum(({ dropped }) => dropped.up),
    droppedDown: sum(({ dropped }) => dropped.down),
  };
}

/** Settles a run that goes on; from what a lab answers, which `look` takes. */
export class LiveSettlement {
  readonly #recorder: Recorder;
  readonly #timeoutMs: number;
  readonly #earlier: Sums = { lostUp: 0, lostDown: 0, droppedUp: 0, droppedDown: 0 };
  #epoch: { readonly first: Look; readonly lost: number } = { first: NOTHING, lost: 0 };
  #current: Sums = { lostUp: 0, lostDown: 0, droppedUp: 0, droppedDown: 0 };
  #settledLost = 0;
  #waiting: Look[] = [];
  #last = NOTHING;

  constructor(recorder: Recorder, timeoutMs: number) {
    this.#recorder = recorder;
    this.#timeoutMs = timeoutMs;
  }

  /** How often the lab was started, as far as it shows: with more than one, its last word alone does not cover the run. */
  epochs = 1;

  /** A lab's answer; `sent` is how many packets had been sent when it was asked, at `at` (monotonic ms). */
  look(at: number, sent: number, sessions: readonly SessionSummary[]): void {
    const look = lookOf(at, sent, sessions);
    if (look.handled < this.#last.handled) this.#beginEpoch(look);
    this.#last = look;
    this.#waiting.push(look);
  }

  /** Puts every look whose packets are all settled at `now` beside the ledger. */
  settle(now: number): void {
    let ready: Look | undefined;
    while (this.#waiting[0] !== undefined && now - this.#waiting[0].at > this.#timeoutMs) ready = this.#waiting.shift();
    if (ready === undefined) return;
    this.#settledLost = this.#recorder.counts.lost;
    const { first, lost } = this.#epoch;
    const lostSince = Math.max(0, this.#recorder.counts.lost - lost);
    const lostUp = clamp(ready.sent - first.sent - (ready.handled - first.handled), lostSince);
    const lostDown = lostSince - lostUp;
    this.#current = {
      lostUp,
      lostDown,
      droppedUp: clamp(ready.droppedUp - first.droppedUp, lostUp),
      droppedDown: clamp(ready.droppedDown - first.droppedDown, lostDown),
    };
  }

  /** The lab knows nothing of what was sent before: what was known stays, and the rest of it stays unexplained. */
  #beginEpoch(look: Look): void {
    for (const key of ["lostUp", "lostDown", "droppedUp", "droppedDown"] as const)
      this.#earlier[key] += this.#current[key];
    this.#current = { lostUp: 0, lostDown: 0, droppedUp: 0, droppedDown: 0 };
    this.#epoch = { first: look, lost: this.#recorder.counts.lost };
    this.#waiting = [];
    this.epochs++;
  }

  /** What is known by now: of the losses up to the last look that is settled. */
  get directions(): Directions {
    const lost = Math.min(this.#settledLost, this.#recorder.counts.lost);
    const lostUp = clamp(this.#earlier.lostUp + this.#current.lostUp, lost);
    const lostDown = clamp(this.#earlier.lostDown + this.#current.lostDown, lost - lostUp);
    return {
      lostUp,
      lostDown,
      unexplained: lost - lostUp - lostDown,
      droppedUp: clamp(this.#earlier.droppedUp + this.#current.droppedUp, lostUp),
      droppedDown: clamp(this.#earlier.droppedDown + this.#current.droppedDown, lostDown),
      evidence: "lab",
      waiting: 0,
    };
  }
}
