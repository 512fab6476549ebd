/**
 * Directions of losses while a run goes on, from the lab's summary asked now and then.
 *
 * A look at the lab tells how many of the packets sent until then it has handled. How many of the same packets were
 * lost is known one timeout later, when the last of them is settled: so each look opens a cut in the ledger, and is put
 * beside it when the cut is final. What the lab forgets (it was started anew) begins an epoch: earlier ones keep what
 * they had.
 */

import { clamp } from "../../base/numbers.ts";
import type { Directions, SessionSummary } from "./loss-direction.ts";
import type { Cut, Recorder } from "./recorder.ts";

/** A look at the lab: counts from the start of the run. */
interface Look {
  readonly cut: Cut;
  readonly sent: number;
  readonly handled: number;
  readonly droppedUp: number;
  readonly droppedDown: number;
}

interface Sums {
  readonly lostUp: number;
  readonly lostDown: number;
  readonly droppedUp: number;
  readonly droppedDown: number;
}

const NO_SUMS: Sums = { lostUp: 0, lostDown: 0, droppedUp: 0, droppedDown: 0 };

function add(one: Sums, other: Sums): Sums {
  return {
    lostUp: one.lostUp + other.lostUp,
    lostDown: one.lostDown + other.lostDown,
    droppedUp: one.droppedUp + other.droppedUp,
    droppedDown: one.droppedDown + other.droppedDown,
  };
}

/** What the lab answered, and to how much. */
export interface Answered {
  /** Opened in the ledger at the moment of asking. */
  readonly cut: Cut;
  /** How many packets had been sent at that moment. */
  readonly sent: number;
  readonly sessions: readonly SessionSummary[];
}

/** Settles a run that goes on, from what a lab answers, which `look` takes. */
export class LiveSettlement {
  readonly #recorder: Recorder;
  readonly #timeoutMs: number;
  #earlier = NO_SUMS;
  #current = NO_SUMS;
  #epochStart: Look | undefined;
  #settledLost = 0;
  #waiting: Look[] = [];
  #last: Look | undefined;

  constructor(recorder: Recorder, timeoutMs: number) {
    this.#recorder = recorder;
    this.#timeoutMs = timeoutMs;
  }

  /** How often the lab was started, as far as it shows: with more than one, its last word alone does not cover the run. */
  epochs = 1;

  /** Takes a lab's answer. */
  look({ cut, sent, sessions }: Answered): void {
    const sum = (of: (session: SessionSummary) => number) =>
      sessions.reduce((total, session) => total + of(session), 0);
    const look: Look = {
      cut,
      sent,
      handled: sum(({ handled }) => handled),
      droppedUp: sum(({ dropped }) => dropped.up),
      droppedDown: sum(({ dropped }) => dropped.down),
    };
    if (this.#last !== undefined && look.handled < this.#last.handled) this.#beginEpoch(look);
    this.#last = look;
    this.#waiting.push(look);
  }

  /** Puts every look whose packets are all settled at `now` beside the ledger. */
  settle(now: number): void {
    for (;;) {
      const look = this.#waiting[0];
      if (look === undefined || now - look.cut.at <= this.#timeoutMs) return;
      this.#waiting.shift();
      if (look !== this.#epochStart) this.#recorder.closeCut(look.cut);
      this.#count(look);
    }
  }

  #count(look: Look): void {
    const start = this.#epochStart;
    const lost = Math.max(0, look.cut.lost - (start?.cut.lost ?? 0));
    const droppedUp = look.droppedUp - (start?.droppedUp ?? 0);
    // Packets sent while the lab was asked are among the handled, so that this comes out a few too low; what the lab
    // dropped up is certain.
    const missing = look.sent - (start?.sent ?? 0) - (look.handled - (start?.handled ?? 0));
    const lostUp = clamp(Math.max(missing, droppedUp), 0, lost);
    this.#settledLost = look.cut.lost;
    this.#current = {
      lostUp,
      lostDown: lost - lostUp,
      droppedUp: clamp(droppedUp, 0, lostUp),
      droppedDown: clamp(look.droppedDown - (start?.droppedDown ?? 0), 0, lost - lostUp),
    };
  }

  /** The lab knows nothing of what was sent before: what was known stays, and the rest of it stays unexplained. */
  #beginEpoch(look: Look): void {
    if (this.#epochStart !== undefined) this.#recorder.closeCut(this.#epochStart.cut);
    for (const { cut } of this.#waiting) this.#recorder.closeCut(cut);
    this.#earlier = add(this.#earlier, this.#current);
    this.#current = NO_SUMS;
    this.#epochStart = look;
    this.#waiting = [];
    this.epochs++;
  }

  /** What is known by now: of the losses up to the last look that is settled. */
  get directions(): Directions {
    const lost = Math.min(this.#settledLost, this.#recorder.counts.lost);
    const known = add(this.#earlier, this.#current);
    const lostUp = clamp(known.lostUp, 0, lost);
    const lostDown = clamp(known.lostDown, 0, lost - lostUp);
    return {
      lostUp,
      lostDown,
      unexplained: lost - lostUp - lostDown,
      droppedUp: clamp(known.droppedUp, 0, lostUp),
      droppedDown: clamp(known.droppedDown, 0, lostDown),
      evidence: "lab",
      waiting: 0,
    };
  }
}
