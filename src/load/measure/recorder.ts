/** What one run measures, all sessions together: counts, times and errors. Its size never grows with the run. */
import { Histogram } from "./histogram.ts";

/** The ledger's columns and what goes with them. `lost` moves: a late answer takes its packet out of it. */
export interface Counts {
  planned: number;
  unsent: number;
  sent: number;
  answered: number;
  lost: number;
  late: number;
  failed: number;
  corrupt: number;
  duplicate: number;
  reordered: number;
  /** Duplicates that the reflector answered itself: the copy was made on the way up. */
  reflectedTwice: number;
  /** Answers too damaged to name their packet. */
  unreadable: number;
  /** Answers to no packet that the ledger remembers. */
  strange: number;
  /** Of the lost, those of which the target said that it dropped them (HTTP's X-Wirelab-Fate). */
  toldUp: number;
  toldDown: number;
  bytesSent: number;
  bytesReceived: number;
}

function noCounts(): Counts {
  return {
    planned: 0,
    unsent: 0,
    sent: 0,
    answered: 0,
    lost: 0,
    late: 0,
    failed: 0,
    corrupt: 0,
    duplicate: 0,
    reordered: 0,
    reflectedTwice: 0,
    unreadable: 0,
    strange: 0,
    toldUp: 0,
    toldDown: 0,
    bytesSent: 0,
    bytesReceived: 0,
  };
}

/** The losses among the packets that were sent until a moment. */
export interface Cut {
  /** The moment, monotonic ms. */
  readonly at: number;
  /** How many of them are lost by now; final one timeout after the moment. */
  lost: number;
}

/** The most different error codes that a run tells apart; more are counted together as "other". */
const MOST_ERRORS = 50;

/** How an answer was recognised: by a reflector's packet, as our own packet come back, or by order alone. */
export type AnswerKind = "stamp" | "echo" | "plain";

/** Everything that a run counts and times. Durations go in as ms. */
export class Recorder {
  readonly counts: Counts = noCounts();
  readonly response = new Histogram();
  readonly service = new Histogram();
  readonly server = new Histogram();
  readonly oneWayUp = new Histogram();
  readonly oneWayDown = new Histogram();
  readonly variation = new Histogram();
  readonly scheduleError = new Histogram();
  /** Response times since the last interval snapshot, which resets it. */
  readonly interval = new Histogram();
  readonly errors = new Map<string, number>();
  readonly statuses = new Map<number, number>();
  readonly kinds: Record<AnswerKind, number> = { stamp: 0, echo: 0, plain: 0 };
  /** Answers whose reflector's number differs from the sender's: proof that the reflector counts for itself. */
  ownNumbers = 0;
  /** What stateful reflectors' numbers tell, all sessions: answers made, of these seen, and packets lost up to the last answer. */
  readonly reflector = { reflected: 0, seen: 0, lostBefore: 0 };
  /** RFC 3550's smoothed jitter, in ms. */
  jitter = 0;
  readonly #cuts = new Set<Cut>();
  #offsetAtLeast: { trip: number; offset: number } | undefined;

  /** A packet that was sent at `sentAt` (monotonic ms) is lost. */
  lose(sentAt: number): void {
    this.counts.lost++;
    for (const cut of this.#cuts) if (sentAt <= cut.at) cut.lost++;
  }

  /** It was not lost after all. */
  unlose(sentAt: number): void {
    this.counts.lost--;
    for (const cut of this.#cuts) if (sentAt <= cut.at) cut.lost--;
  }

  /** Begins to count the losses among what was sent until now, `at` (monotonic ms). */
  openCut(at: number): Cut {
    const cut: Cut = { at, lost: this.counts.lost };
    this.#cuts.add(cut);
    return cut;
  }

  /** No longer counts them. */
  closeCut(cut: Cut): void {
    this.#cuts.delete(cut);
  }

  /** How many packets wait for their answer: what no column of the ledger has yet. */
  get pending(): number {
    const { sent, answered, lost, late, failed, corrupt } = this.counts;
    return sent - answered - lost - late - failed - corrupt;
  }

  /** The two times of one answered packet, in ms: from the planned moment, and from the actual sending. */
  times(response: number, service: number): void {
    this.response.record(response);
    this.interval.record(response);
    this.service.record(service);
  }

  /** The change of the delay from one arrival to the next, in ms, signed (RFC 3550 section 6.4.1). */
  transitChange(change: number): void {
    this.jitter += (Math.abs(change) - this.jitter) / 16;
  }

  /** The absolute difference of two consecutive packets' delays, in ms (RFC 3393). */
  delayVariation(difference: number): void {
    this.variation.record(difference);
  }

  /** The four moments of a STAMP exchange, in ms since the Unix epoch: T1 and T4 by our clock, T2 and T3 by theirs. */
  exchange(t1: number, t2: number, t3: number, t4: number): void {
    this.server.record(t3 - t2);
    this.oneWayUp.record(t2 - t1);
    this.oneWayDown.record(t4 - t3);
    const trip = t4 - t1 - (t3 - t2);
    if (this.#offsetAtLeast === undefined || trip < this.#offsetAtLeast.trip) {
      this.#offsetAtLeast = { trip, offset: (t2 - t1 + (t3 - t4)) / 2 };
    }
  }

  /**
   * How far their clock is ahead of ours, in s, from the exchange with the shortest trip (RFC 5905 section 8), and
   * how wrong that may be: half of that trip, which is what an entirely one-sided path would hide.
   */
  get clockOffset(): { readonly seconds: number; readonly error: number } | undefined {
    const best = this.#offsetAtLeast;
    return best && { seconds: best.offset / 1000, error: Math.max(0, best.trip) / 2000 };
  }

  /** Counts one error by its code, such as ECONNREFUSED. */
  error(code: string): void {
    const known = this.errors.has(code) || this.errors.size < MOST_ERRORS ? code : "other";
    this.errors.set(known, (this.errors.get(known) ?? 0) + 1);
  }

  /** Counts one HTTP status code. */
  status(code: number): void {
    this.statuses.set(code, (this.statuses.get(code) ?? 0) + 1);
  }

  /** An answer that names no packet: one of those lost is this one's, which the settlement takes into account. */
  unreadable(): void {
    this.counts.unreadable++;
  }

  /** After the tail: every unreadable answer belonged to a packet that now counts as lost. */
  settleUnreadable(): void {
    const theirs = Math.min(this.counts.unreadable, this.counts.lost);
    this.counts.lost -= theirs;
    this.counts.corrupt += theirs;
    this.counts.unreadable -= theirs;
  }
}

/** The code of an error for counting: the system's where there is one, else its name. */
export function codeOf(error: unknown): string {
  if (error instanceof Error) {
    return "code" in error && typeof error.code === "string" ? error.code : error.name;
  }
  return "unknown";
}
