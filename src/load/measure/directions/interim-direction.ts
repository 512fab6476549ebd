/**
 * Directions of losses during a run, from the lab's summary queried at intervals.
 *
 * A summary contains how many of the packets sent so far the lab handled. How many of the same packets were lost is
 * known one timeout later. Each query therefore opens a checkpoint in the recorder, and its summary is reconciled with
 * the checkpoint's losses when these are final. If the lab restarts and its counts begin at 0 again, a new epoch
 * begins; earlier epochs keep their result.
 */
import { clamp } from "../../../base/numbers.ts";
import type { Checkpoint, Recorder } from "../recorder.ts";
import { type DirectionCounts, type Directions, directionsOf } from "./loss-direction.ts";
import { type SessionSummary, sumOf } from "./session-summary.ts";

/** The result of a query, and the state of the run when it was made. */
export interface SummaryQuery {
  /** Opened when the query was made. */
  readonly checkpoint: Checkpoint;
  /** Packets sent until then. */
  readonly sent: number;
  /** Packets in flight at the query, and sent until the response: the lab may have handled them before or after it. */
  readonly uncertain: number;
  /** Identifies the lab between its start and its end. */
  readonly instance: string;
  readonly sessions: readonly SessionSummary[];
}

/** Totals of the run and of the lab at a checkpoint. */
interface Totals {
  readonly checkpoint: Checkpoint;
  readonly sent: number;
  readonly uncertain: number;
  readonly handled: number;
  readonly droppedUp: number;
  readonly droppedDown: number;
}

const NONE: DirectionCounts = { lostUp: 0, lostDown: 0, droppedUp: 0, droppedDown: 0 };

function add(one: DirectionCounts, other: DirectionCounts): DirectionCounts {
  return {
    lostUp: one.lostUp + other.lostUp,
    lostDown: one.lostDown + other.lostDown,
    droppedUp: one.droppedUp + other.droppedUp,
    droppedDown: one.droppedDown + other.droppedDown,
  };
}

/** Attributes the losses of a run that is under way. */
export class InterimAttribution {
  readonly #recorder: Recorder;
  readonly #timeoutMs: number;
  #instance: string;
  #earlier = NONE;
  #current = NONE;
  /** Packets of the epochs' first and last summaries that may be counted on the wrong side of them. */
  #earlierUncertain = 0;
  #currentUncertain = 0;
  #epochStart: Totals | undefined;
  #reconciledLost = 0;
  #open: Totals[] = [];

  /** @param instance the lab's instance before the first packet */
  constructor(recorder: Recorder, timeoutMs: number, instance: string) {
    this.#recorder = recorder;
    this.#timeoutMs = timeoutMs;
    this.#instance = instance;
  }

  /** 1, plus the lab's restarts that were noticed. Above 1 the lab's last summary does not cover the whole run. */
  epochs = 1;

  /** Adds the result of a query. */
  addSummary({ checkpoint, sent, uncertain, instance, sessions }: SummaryQuery): void {
    const totals: Totals = {
      checkpoint,
      sent,
      uncertain,
      handled: sumOf(sessions, ({ handled }) => handled),
      droppedUp: sumOf(sessions, ({ dropped }) => dropped.up),
      droppedDown: sumOf(sessions, ({ dropped }) => dropped.down),
    };
    if (instance !== this.#instance) this.#beginEpoch(totals);
    this.#instance = instance;
    this.#open.push(totals);
  }

  /** Reconciles each summary whose checkpoint's losses are final at `now` (monotonic ms). */
  reconcile(now: number): void {
    for (;;) {
      const totals = this.#open[0];
      if (totals === undefined || now - totals.checkpoint.at <= this.#timeoutMs) return;
      this.#open.shift();
      if (totals !== this.#epochStart) this.#recorder.closeCheckpoint(totals.checkpoint);
      this.#attribute(totals);
    }
  }

  #attribute(totals: Totals): void {
    const start = this.#epochStart;
    const lost = Math.max(0, totals.checkpoint.lost - (start?.checkpoint.lost ?? 0));
    const droppedUp = totals.droppedUp - (start?.droppedUp ?? 0);
    // Packets sent during the query may be among the handled ones, which makes this number too low; the lab's own
    // upstream drops are a lower limit.
    const notHandled = totals.sent - (start?.sent ?? 0) - (totals.handled - (start?.handled ?? 0));
    const lostUp = clamp(Math.max(notHandled, droppedUp), 0, lost);
    // More packets that the lab did not handle than losses: the lab's counts are wrong.
    if (notHandled > lost + totals.uncertain + (start?.uncertain ?? 0)) return;
    this.#reconciledLost = totals.checkpoint.lost;
    this.#currentUncertain = (start?.uncertain ?? 0) + totals.uncertain;
    this.#current = {
      lostUp,
      lostDown: lost - lostUp,
      droppedUp: clamp(droppedUp, 0, lostUp),
      droppedDown: clamp(totals.droppedDown - (start?.droppedDown ?? 0), 0, lost - lostUp),
    };
  }

  /** The lab has no data on packets sent before: keeps what was attributed, and leaves the rest unexplained. */
  #beginEpoch(totals: Totals): void {
    if (this.#epochStart !== undefined) this.#recorder.closeCheckpoint(this.#epochStart.checkpoint);
    for (const { checkpoint } of this.#open) this.#recorder.closeCheckpoint(checkpoint);
    this.#earlier = add(this.#earlier, this.#current);
    this.#earlierUncertain += this.#currentUncertain;
    this.#current = NONE;
    this.#currentUncertain = 0;
    this.#epochStart = totals;
    this.#open = [];
    this.epochs++;
  }

  /** Estimate of the directions of the losses up to the last summary that was reconciled. */
  get directions(): Directions {
    const lost = Math.min(this.#reconciledLost, this.#recorder.counts.lost);
    return directionsOf(lost, add(this.#earlier, this.#current), "lab");
  }

  /** The directions of all losses that are certain, for the report. */
  get certain(): Directions {
    const uncertain = this.#earlierUncertain + this.#currentUncertain;
    const { lostUp, lostDown, droppedUp, droppedDown } = add(this.#earlier, this.#current);
    const certain = {
      lostUp: Math.max(0, lostUp - uncertain),
      lostDown: Math.max(0, lostDown - uncertain),
      droppedUp: Math.max(0, droppedUp - uncertain),
      droppedDown: Math.max(0, droppedDown - uncertain),
    };
    return directionsOf(this.#recorder.counts.lost, certain, "lab");
  }
}
