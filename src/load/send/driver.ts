/** Makes a schedule happen: asks the clock, hands packets to a client, and sleeps or spins until the next is due. */
import { type Clock, sleep } from "../../base/clock.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { Schedule } from "../plan/schedule.ts";
import type { Client } from "./clients/client.ts";

/** A timer may fire this late; what is left until the moment itself is spun away. */
const WAKE_EARLY_MS = 1.2;
/** With packets closer together than this, the driver spins without sleeping. */
const SPIN_BELOW_MS = 2;
/**
 * After a packet has gone, the driver stays awake this long for its answer: on a near target the answer comes sooner
 * than a sleeping process could be woken for it, and the waking would be measured in its place.
 */
const LINGER_MS = 0.5;
/** The longest sleep: what has timed out is looked for this often. */
const LONGEST_SLEEP_MS = 200;
/** How often a run in a closed loop looks for what has timed out. */
const SWEEP_MS = 20;
/** How many packets go between two looks at the sockets. */
const MOST_IN_A_TURN = 256;

/** What a driver drives. */
export interface DriverSettings {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** An open loop goes by its schedule; a closed loop sends whenever there is room. */
export class Driver {
  readonly #client: Client;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #ended = Promise.withResolvers<void>();
  #source: (() => void) | undefined;
  #over = false;
  #inTurn = false;
  /** Until when the client had no room: packets planned before were not late by the driver's fault. */
  #blockedUntil = 0;
  #blocked = false;
  #lingerUntil = 0;

  constructor(settings: DriverSettings) {
    this.#client = settings.client;
    this.#recorder = settings.recorder;
    this.#clock = settings.clock;
    this.#timeoutMs = settings.timeoutMs;
  }

  /** Ends the sending; what is under way is settled by the caller. */
  stop(): void {
    this.#over = true;
    this.#ended.resolve();
  }

  /** The client has room again. */
  onRoom(): void {
    if (this.#over || this.#inTurn) return;
    this.#source?.();
  }

  /** Sends by the schedule, whose moments count from `startedAt` (monotonic ms); resolves when it is through. */
  async openLoop(schedule: Schedule, startedAt: number): Promise<void> {
    let next = schedule.next();
    const turn = () => {
      this.#inTurn = true;
      const now = this.#clock.now();
      if (this.#blocked) this.#blockedUntil = now;
      this.#blocked = false;
      for (let sent = 0; next !== undefined && sent < MOST_IN_A_TURN; sent++) {
        const planned = startedAt + next * 1000;
        const moment = this.#clock.now();
        if (planned > moment || !this.#dispatch(planned, moment)) break;
        this.#lingerUntil = moment + LINGER_MS;
        next = schedule.next();
      }
      this.#client.flush();
      this.#inTurn = false;
      if (next === undefined) this.stop();
    };
    this.#source = turn;
    while (!this.#over) {
      turn();
      this.#client.tick(this.#clock.now());
      if (next !== undefined && !this.#over) await this.#wait(startedAt + next * 1000);
    }
    await this.#ended.promise;
  }

  /** Gives whether the packet is dealt with, sent or not; false where it has to wait for room. */
  #dispatch(planned: number, now: number): boolean {
    const counts = this.#recorder.counts;
    if (this.#client.send(planned, now)) {
      counts.planned++;
      this.#recorder.scheduleError.record(now - Math.max(planned, this.#blockedUntil));
      return true;
    }
    this.#blocked = true;
    if (now - planned <= this.#timeoutMs) return false;
    counts.planned++;
    if (!this.#client.miss?.(planned, now)) counts.unsent++;
    return true;
  }

  /** Sleeps while the moment is far, then gives the sockets a turn at a time until it has come. */
  #wait(until: number): Promise<void> {
    const now = this.#clock.now();
    const left = until - now;
    const lingers = now < this.#lingerUntil && this.#client.pending > 0;
    if (left > SPIN_BELOW_MS && !this.#blocked && !lingers) {
      return sleep(Math.min(LONGEST_SLEEP_MS, Math.max(1, Math.floor(left - WAKE_EARLY_MS))));
    }
    if (this.#blocked) return sleep(1);
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Sends whenever there is room, until `endsAt` (monotonic ms) or until `count` packets have gone. */
  async closedLoop(endsAt: number, count: number): Promise<void> {
    const counts = this.#recorder.counts;
    const first = counts.sent;
    const turn = () => {
      this.#inTurn = true;
      const now = this.#clock.now();
      let moment = now;
      while (moment < endsAt && counts.sent - first < count && this.#client.send(moment, moment)) {
        counts.planned++;
        moment = this.#clock.now();
      }
      this.#client.flush();
      this.#inTurn = false;
      if (moment >= endsAt || counts.sent - first >= count) this.stop();
    };
    this.#source = turn;
    const sweep = setInterval(() => {
      this.#client.tick(this.#clock.now());
      this.onRoom();
    }, SWEEP_MS);
    turn();
    await this.#ended.promise;
    clearInterval(sweep);
  }
}
