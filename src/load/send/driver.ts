/** Passes packets to a client when they are due. Between packets it sleeps or polls. */
import type { Clock } from "../../base/clock.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { Schedule } from "../plan/schedule.ts";
import type { Client } from "./client.ts";

/** A timer can fire this late, so a sleep ends this much before the packet is due. */
const WAKE_EARLY_MS = 1.2;
/** If the next packet is due within this time, the driver polls instead of sleeping. */
const POLL_BELOW_MS = 2;
/**
 * After a packet was sent, the driver polls this long for its answer. From a near target the answer arrives sooner than
 * a sleeping process wakes up, and the measured time would include the wake-up.
 */
const POLL_FOR_ANSWER_MS = 0.5;
/** Longest sleep: timeouts are checked at least this often. */
const MAX_SLEEP_MS = 200;
/** Interval at which a closed loop checks timeouts. */
const CHECK_EVERY_MS = 20;
/**
 * At the end of the plan, packets that are overdue by less than this are still sent, for this long: a short stall of the
 * process makes them late. A longer backlog is not sent.
 */
const CATCH_UP_MS = 100;
/** Most packets that are sent before the event loop handles the sockets again. */
const MAX_PER_TURN = 256;
/**
 * The first packets of a turn are passed to the kernel one by one, each with its own send time. More than these are a
 * backlog: further ones are passed in groups of this size, which costs less.
 */
const GROUP = 16;
/** Timeouts are checked at most this often while the driver polls. */
const TICK_EVERY_MS = 1;
/** While no answer is awaited, the driver waits this long for the next packet without running the event loop. */
const SPIN_MS = 0.05;

/** The parts that a driver connects. */
export interface DriverSettings {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Sends by a schedule (open loop), or whenever the client has capacity (closed loop). */
export class Driver {
  readonly #client: Client;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #ended = Promise.withResolvers<void>();
  #turn: (() => void) | undefined;
  #isOver = false;
  #inTurn = false;
  #isBlocked = false;
  #pollUntil = 0;
  #tickedAt = Number.NEGATIVE_INFINITY;
  #lastSentAt = 0;
  #stoppedAt = 0;

  constructor(settings: DriverSettings) {
    this.#client = settings.client;
    this.#recorder = settings.recorder;
    this.#clock = settings.clock;
    this.#timeoutMs = settings.timeoutMs;
  }

  /** Stops sending. Packets in flight are left to the caller. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stoppedAt = this.#clock.now();
    this.#ended.resolve();
  }

  /** When the last packet was passed to the kernel, monotonic ms; 0 before the first one. */
  get lastSentAt(): number {
    return this.#lastSentAt;
  }

  /** When the sending ended, monotonic ms. */
  get stoppedAt(): number {
    return this.#stoppedAt;
  }

  /** The client has capacity again. */
  onCapacity(): void {
    if (this.#isOver || this.#inTurn) return;
    this.#turn?.();
  }

  /**
   * Sends by `schedule`, whose times count from `startedAt` (monotonic ms); resolves after its last packet, or when the
   * `seconds` of the plan are over. Packets that were due and not sent by then are unsent.
   */
  async openLoop(schedule: Schedule, startedAt: number, seconds = Number.POSITIVE_INFINITY): Promise<void> {
    this.#recorder.handOver.start();
    let next = schedule.next();
    const turn = () => {
      this.#inTurn = true;
      const { sent: sentBefore } = this.#recorder.counts;
      // Packets that were due while the client had no capacity are not late because of the driver.
      if (this.#isBlocked) this.#recorder.handOver.dueFrom(this.#clock.now());
      this.#isBlocked = false;
      for (let sent = 0; next !== undefined && sent < MAX_PER_TURN; sent++) {
        const intendedAt = startedAt + next * 1000;
        const now = this.#clock.now();
        if (intendedAt > now || !this.#dispatch(intendedAt, now)) break;
        if (sent < GROUP || sent % GROUP === GROUP - 1) this.#client.flush();
        this.#pollUntil = now + POLL_FOR_ANSWER_MS;
        next = schedule.next();
      }
      this.#client.flush();
      if (this.#recorder.counts.sent > sentBefore) this.#lastSentAt = this.#clock.now();
      this.#inTurn = false;
      if (next === undefined) this.stop();
      else if (this.#isPastEnd(startedAt + seconds * 1000, startedAt + next * 1000)) {
        this.#countUnsent(1 + schedule.skipUntil(seconds));
        this.stop();
      }
    };
    this.#turn = turn;
    // A callback and no promise for each turn: at 100,000 turns a second the garbage of promises causes long pauses.
    const step = () => {
      try {
        if (next !== undefined) this.#spinUntil(startedAt + next * 1000);
        if (!this.#isOver) turn();
        this.#tick();
        if (next !== undefined && !this.#isOver) this.#continue(step, startedAt + next * 1000);
      } catch (error) {
        this.#ended.reject(error);
      }
    };
    step();
    await this.#ended.promise;
  }

  /** Waits for the next packet without running the event loop, if it is due very soon and no answer is awaited. */
  #spinUntil(dueAt: number): void {
    if (this.#client.pending > 0) return;
    const until = Math.min(dueAt, this.#clock.now() + SPIN_MS);
    while (this.#clock.now() < until) {
      // Reading the clock is all there is to do.
    }
  }

  /** Checks timeouts, unless they were checked just now. */
  #tick(): void {
    const now = this.#clock.now();
    if (now - this.#tickedAt < TICK_EVERY_MS) return;
    this.#tickedAt = now;
    this.#client.tick(now);
  }

  /** Whether the plan is over while the packet with this intended send time is not sent. */
  #isPastEnd(endsAt: number, intendedAt: number): boolean {
    const now = this.#clock.now();
    return now >= endsAt && now - Math.max(intendedAt, endsAt - CATCH_UP_MS) > CATCH_UP_MS;
  }

  /** Counts packets that were due before the end of the plan. */
  #countUnsent(packets: number): void {
    const { counts } = this.#recorder;
    counts.planned += packets;
    counts.unsent += packets;
    if (!this.#isBlocked) counts.unreached += packets;
    this.#recorder.log?.add(this.#isBlocked ? "unsent" : "unreached", { count: packets });
  }

  /** Sends a packet, or gives it up if its timeout has passed. False if it has to wait for capacity. */
  #dispatch(intendedAt: number, now: number): boolean {
    const { counts } = this.#recorder;
    if (this.#client.send(intendedAt, now)) {
      counts.planned++;
      return true;
    }
    this.#isBlocked = true;
    if (now - intendedAt <= this.#timeoutMs) return false;
    counts.planned++;
    if (!this.#client.countLost?.(intendedAt, now)) {
      counts.unsent++;
      this.#recorder.log?.add("unsent", { intendedAt });
    }
    return true;
  }

  /** Calls `step` shortly before the next packet is due; from then on as soon as the event loop has handled the sockets. */
  #continue(step: () => void, dueAt: number): void {
    const now = this.#clock.now();
    const left = dueAt - now;
    const expectsAnswer = now < this.#pollUntil && this.#client.pending > 0;
    if (this.#isBlocked) setTimeout(step, 1);
    else if (left > POLL_BELOW_MS && !expectsAnswer) {
      setTimeout(step, Math.min(MAX_SLEEP_MS, Math.max(1, Math.floor(left - WAKE_EARLY_MS))));
    } else setImmediate(step);
  }

  /** Sends whenever the client has capacity, until `endsAt` (monotonic ms) or until `count` packets were sent. */
  async closedLoop(endsAt: number, count: number): Promise<void> {
    const { counts } = this.#recorder;
    const plannedBefore = counts.planned;
    const hasMore = (now: number) => now < endsAt && counts.planned - plannedBefore < count;
    const turn = () => {
      this.#inTurn = true;
      let now = this.#clock.now();
      let accepted = 0;
      while (accepted < MAX_PER_TURN && hasMore(now) && this.#client.send(now, now)) {
        accepted++;
        counts.planned++;
        now = this.#clock.now();
      }
      this.#client.flush();
      this.#inTurn = false;
      if (!hasMore(now)) this.stop();
      else if (accepted === MAX_PER_TURN) setImmediate(() => this.onCapacity());
    };
    this.#turn = turn;
    const timer = setInterval(() => {
      this.#client.tick(this.#clock.now());
      this.onCapacity();
    }, CHECK_EVERY_MS);
    turn();
    await this.#ended.promise;
    clearInterval(timer);
  }
}
