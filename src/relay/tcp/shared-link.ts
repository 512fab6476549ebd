/** The link with a rate that the TCP connections of one direction share: each in turn sends a segment. */
import type { Clock } from "../../base/clock.ts";
import { ITEMS_PER_TURN } from "../../base/turns.ts";
import { type LinkFaults, queueBytes } from "../../faults/link-faults.ts";
import { Rate } from "../rate.ts";
import type { LinkShare } from "./receive-limit.ts";

/** A connection's direction, as the link sees it. */
export interface LinkUser {
  /** Octets of its next segment, `most` at most; 0 if nothing waits, and it has to join the link again. */
  next(most: number): number;
  /** The segment has left the link at `at`, monotonic ms. */
  take(length: number, at: number): void;
}

/** Most octets of a segment, unless these leave in less than SEGMENT_MS: a full Ethernet frame of TCP. */
const SEGMENT_BYTES = 1448;
/** Time that a longer segment takes on a fast link, ms. */
const SEGMENT_MS = 2;
/** Time that a shorter segment takes on a slow link, ms. */
const SLOW_SEGMENT_MS = 100;
/** Octets that leave in this time wait at least before a source pauses: a timer can be so late, and the link has to be busy, ms. */
const LATE_MS = 5;
/** A timer does not fire in less; below this wait, the event loop is polled. */
const POLL_BELOW_MS = 1;

interface Segment {
  readonly user: LinkUser;
  readonly length: number;
  /** When its last octet leaves the link, monotonic ms. */
  readonly leavesAt: number;
}

function segmentOf(rate: number): number {
  const bytesIn = (ms: number) => (rate * ms) / 8000;
  return Math.max(1, bytesIn(SEGMENT_MS), Math.min(SEGMENT_BYTES, bytesIn(SLOW_SEGMENT_MS))) | 0;
}

/** Sends the segments of its users one after another. A user is served as often as any other, however much of it waits. */
export class SharedLink {
  #rate = new Rate();
  #isOn = false;
  #segmentBytes = 0;
  #limit = 0;
  #bitsPerSecond = 0;
  /** Users with octets that wait, the next one first, without that of the current segment. */
  #turns: LinkUser[] = [];
  #current: Segment | undefined;
  #timer: Timer | undefined;
  #poll: ReturnType<typeof setImmediate> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Whether octets wait for their turn; without a rate they pass at once. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Sets the rate and its queue, also for what waits. */
  set(faults: LinkFaults): void {
    this.#rate = new Rate();
    this.#isOn = this.#rate.set(faults, this.clock.now());
    const { rate = 0, queue } = faults;
    this.#segmentBytes = this.#isOn ? segmentOf(rate) : Number.MAX_SAFE_INTEGER;
    this.#limit = queueBytes(queue, rate);
    this.#bitsPerSecond = rate;
    if (this.#current) this.#turns.unshift(this.#current.user);
    this.#current = undefined;
    this.#disarm();
    if (this.#isOn) this.#next(this.clock.now());
    else for (const user of this.#turns.splice(0)) this.#giveAll(user);
    this.#arm();
  }

  /** Puts a user with octets at the end of the turns. The user does this once until `next` returns 0. */
  join(user: LinkUser): void {
    this.#turns.push(user);
    if (this.#current) return;
    this.#next(this.clock.now());
    this.#arm();
  }

  /** What each user has of the link; undefined without a rate. */
  get share(): LinkShare | undefined {
    if (!this.#isOn) return undefined;
    const users = Math.max(1, this.#turns.length + (this.#current ? 1 : 0));
    return { queueBytes: this.#limit / users, rate: this.#bitsPerSecond / users };
  }

  /**
   * Whether a user of which `bytes` wait has its share of the queue, if one reading has `readBytes` at most, so that its source has
   * to pause. It goes on when a segment has left: what the kernel has received meanwhile is more than a segment.
   */
  isFull(bytes: number, readBytes: number): boolean {
    const { share } = this;
    if (share === undefined || bytes === 0) return false;
    const { queueBytes, rate } = share;
    return bytes > Math.max(queueBytes - readBytes, queueBytes / 2, (rate * LATE_MS) / 8000);
  }

  /** Begins the next segment: at `at`, or when the one before has left. */
  #next(at: number): void {
    this.#current = undefined;
    for (let user = this.#turns.shift(); user; user = this.#turns.shift()) {
      const length = user.next(this.#segmentBytes);
      if (length === 0) continue;
      this.#current = { user, length, leavesAt: this.#rate.send(length, at) };
      return;
    }
  }

  /** Passes on the segments that have left by now. A late timer costs no time: the next segment begins when the one before ended. */
  readonly #run = () => {
    this.#disarm();
    try {
      this.#serve(this.clock.now());
      this.#arm();
    } catch (error) {
      this.failed(error);
      this.#poll ??= setImmediate(this.#run);
    }
  };

  #serve(now: number): void {
    for (let served = 0; served < ITEMS_PER_TURN && this.#current && this.#current.leavesAt <= now; served++) {
      const { user, length, leavesAt } = this.#current;
      this.#turns.push(user);
      this.#give(user, length, leavesAt);
      this.#next(leavesAt);
    }
  }

  #giveAll(user: LinkUser): void {
    const now = this.clock.now();
    for (let length = user.next(this.#segmentBytes); length > 0; length = user.next(this.#segmentBytes))
      this.#give(user, length, now);
  }

  /** An error of one connection does not stop the others. */
  #give(user: LinkUser, length: number, at: number): void {
    try {
      user.take(length, at);
    } catch (error) {
      this.failed(error);
    }
  }

  #arm(): void {
    if (!this.#current || this.#timer || this.#poll) return;
    const wait = this.#current.leavesAt - this.clock.now();
    if (wait > POLL_BELOW_MS) this.#timer = setTimeout(this.#run, wait);
    else this.#poll = setImmediate(this.#run);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#poll);
    this.#timer = undefined;
    this.#poll = undefined;
  }
}
