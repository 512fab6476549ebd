/** Passes packets to a client when they are due. Between packets it sleeps or polls. */
import { type Clock, sleep } from "../../base/clock.ts";
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
  /** Until then the client had no capacity, so packets that were due before are not late because of the driver. */
  #blockedUntil = 0;
  #pollUntil = 0;
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
    let next = schedule.next();
    const turn = () => {
      this.#inTurn = true;
      const { sent: sentBefore } = this.#recorder.counts;
      if (this.#isBlocked) this.#blockedUntil = this.#clock.now();
      this.#isBlocked = false;
      for (let sent = 0; next !== undefined && sent < MAX_PER_TURN; sent++) {
        const intendedAt = startedAt + next * 1000;
        const now = this.#clock.now();
        if (intendedAt > now || !this.#dispatch(intendedAt, now)) break;
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
    while (!this.#isOver) {
      turn();
      this.#client.tick(this.#clock.now());
      if (next !== undefined && !this.#isOver) await this.#wait(startedAt + next * 1000);
    }
    await this.#ended.promise;
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
      this.#recorder.recordScheduleError(now - Math.max(intendedAt, this.#blockedUntil));
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

  /** Sleeps until shortly before `until`; from then on lets the event loop handle the sockets once. */
  #wait(until: number): Promise<void> {
    const now = this.#clock.now();
    const left = until - now;
    if (this.#isBlocked) return sleep(1);
    const expectsAnswer = now < this.#pollUntil && this.#client.pending > 0;
    if (left > POLL_BELOW_MS && !expectsAnswer) {
      return sleep(Math.min(MAX_SLEEP_MS, Math.max(1, Math.floor(left - WAKE_EARLY_MS))));
    }
    return new Promise((resolve) => setImmediate(resolve));
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
