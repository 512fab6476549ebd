/** A load run from its options to its report: open, warm up, send, settle, ask the lab, report. */

import { formatHostPort } from "../base/address.ts";
import { type Clock, sleep, systemClock } from "../base/clock.ts";
import { random } from "../base/random.ts";
import { LossAttribution } from "./measure/loss-attribution.ts";
import { type Directions, unattributed } from "./measure/loss-direction.ts";
import type { MeasuredRun } from "./measure/measured-run.ts";
import { Recorder } from "./measure/recorder.ts";
import { type IntervalSnapshot, SnapshotStream, takeSnapshot } from "./measure/snapshot.ts";
import { TargetError } from "./plan/errors.ts";
import type { LoadOptions } from "./plan/options.ts";
import { planRun, type RunPlan } from "./plan/run-plan.ts";
import { type SchedulePlan, scheduledSeconds, startSchedule } from "./plan/schedule.ts";
import { type Endpoint, resolveTarget } from "./plan/target.ts";
import { withObjectives } from "./report/judge.ts";
import { makeReport } from "./report/make.ts";
import type { RunReport } from "./report/report.ts";
import type { Client } from "./send/client.ts";
import { Driver } from "./send/driver.ts";
import { makeClient } from "./send/make-client.ts";
import { UNFRAMED } from "./send/stamp/tcp-connection.ts";

/** Between the decision to start and the first planned moment, so that the first packet is not late. */
const LEAD_MS = 2;
/** How long nothing may have come before the last copies of datagrams are taken to be in. */
const QUIET_MS = 100;
const SETTLE_POLL_MS = 5;
/** A run that is refused from the start ends after this. */
const GIVE_UP_MS = 1000;

/** A run under way. Iterating gives a snapshot an interval; `report` comes when all is settled, and never rejects for what the network does. */
export interface LoadRun extends AsyncIterable<IntervalSnapshot> {
  readonly report: Promise<RunReport>;
  /** The run's own counts and distributions, as they grow; complete when the report is. */
  readonly measured: MeasuredRun;
  /** Ends the sending now; the report covers what ran. */
  stop(): void;
}

/** Starts a load run. Throws a UsageError for options that make no sense; a bad target is told in the report. */
export function runLoad(options: LoadOptions, clock: Clock = systemClock()): LoadRun {
  const execution = new Execution(planRun(options), clock);
  return {
    report: execution.run(),
    measured: execution.measured(),
    stop: () => execution.stop(),
    [Symbol.asyncIterator]: () => execution.snapshots[Symbol.asyncIterator](),
  };
}

/** One run's state between its steps. */
class Execution {
  readonly snapshots = new SnapshotStream();
  readonly #plan: RunPlan;
  readonly #clock: Clock;
  readonly #ssid: number;
  readonly #failures: string[] = [];
  #recorder = new Recorder();
  readonly #attribution: LossAttribution;
  #driver: Driver | undefined;
  #stopped = false;

  constructor(plan: RunPlan, clock: Clock) {
    this.#plan = plan;
    this.#clock = clock;
    // Not from the seed: two runs with one seed are two sessions to the reflector.
    this.#ssid = 1 + Math.floor(Math.random() * 0xffff);
    this.#attribution = new LossAttribution(plan, clock, this.#ssid);
  }

  measured(): MeasuredRun {
    return {
      protocol: this.#plan.protocol,
      recorder: () => this.#recorder,
      directions: () => this.#attribution.interim,
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#driver?.stop();
  }

  async run(): Promise<RunReport> {
    let startedAt = new Date();
    let endpoint: Endpoint | undefined;
    let client: Client | undefined;
    let seconds = 0;
    let bufferDrops: number | undefined;
    let directions: Directions | undefined;
    try {
      endpoint = await resolveTarget(this.#plan.target, this.#plan.family);
      const lab = await this.#attribution.findLab();
      client = await makeClient(this.#plan, {
        endpoint,
        recorder: this.#recorder,
        clock: this.#clock,
        ssid: this.#ssid,
        lab,
        onCapacity: () => this.#driver?.onCapacity(),
      });
      await client.open();
      await this.#warmUp(client);
      startedAt = new Date();
      this.#attribution.start(this.#recorder, client.localPorts);
      seconds = await this.#measure(client);
      bufferDrops = client.bufferDrops();
      directions = await this.#attribution.finalize(this.#recorder);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#failures.push(
        error instanceof TargetError ? `${error.message}${this.#plan.hint}` : `${error.name}: ${error.message}`,
      );
      if (error instanceof TargetError) this.#recorder.countError(error.code);
    } finally {
      this.#attribution.stop();
      this.snapshots.end();
      client?.close();
    }
    this.#explainSilence(endpoint);
    const report = makeReport({
      plan: this.#plan,
      endpoint,
      recorder: this.#recorder,
      directions: directions ?? unattributed(this.#recorder),
      startedAt,
      seconds,
      failures: this.#failures,
      bufferDrops,
    });
    return withObjectives(report, this.#plan.objectives);
  }

  /** Packets that count nowhere: another recorder and another session id, on the same connections. */
  async #warmUp(client: Client): Promise<void> {
    const { warmupSeconds, stages, seed, closedLoop, arrival } = this.#plan;
    if (warmupSeconds === 0 || this.#stopped) return;
    const measured = this.#recorder;
    this.#recorder = new Recorder();
    client.restart(this.#recorder, (this.#ssid % 0xffff) + 1);
    const rate = stages[0] === undefined ? 0 : Math.max(stages[0].from, stages[0].to);
    const stage = { from: closedLoop ? 0 : rate, to: closedLoop ? 0 : rate, seconds: warmupSeconds };
    await this.#drive(client, { stages: [stage], arrival, seed: Math.floor(random(seed, "warm-up")() * 2 ** 32) });
    this.#recorder = measured;
    client.restart(measured, this.#ssid);
  }

  /** Sends all that is planned, settles it, and takes snapshots all the while; gives how long the sending took, in s. */
  async #measure(client: Client): Promise<number> {
    const startedAt = this.#clock.now() + LEAD_MS;
    const watch = setInterval(() => this.#watch(startedAt), this.#plan.intervalMs);
    try {
      const seconds = await this.#send(client, startedAt);
      await this.#settle(client);
      return seconds;
    } finally {
      clearInterval(watch);
      this.#watch(startedAt, true);
    }
  }

  async #send(client: Client, startedAt: number): Promise<number> {
    const { closedLoop } = this.#plan;
    await this.#drive(client, this.#plan, startedAt);
    const elapsed = (this.#clock.now() - startedAt) / 1000;
    return this.#stopped || closedLoop ? elapsed : scheduledSeconds(this.#plan, elapsed);
  }

  async #drive(client: Client, plan: SchedulePlan, startedAt = this.#clock.now()): Promise<void> {
    const { timeoutMs, closedLoop } = this.#plan;
    const driver = new Driver({ client, recorder: this.#recorder, clock: this.#clock, timeoutMs });
    this.#driver = driver;
    if (this.#stopped) return;
    if (!closedLoop) return driver.openLoop(startSchedule(plan), startedAt);
    const endsAt = startedAt + (plan.stages[0]?.seconds ?? 0) * 1000;
    await driver.closedLoop(endsAt, plan.count ?? Number.POSITIVE_INFINITY);
  }

  /** The end of an interval. */
  #watch(startedAt: number, last = false): void {
    const { protocol, intervalMs, seconds } = this.#plan;
    const elapsed = this.#clock.now() - startedAt;
    const of = { protocol, seconds: elapsed / 1000, interval: intervalMs / 1000, totalSeconds: seconds };
    this.snapshots.push(takeSnapshot(this.#recorder, of), last);
    const { counts, errors } = this.#recorder;
    const hopeless = counts.answered + counts.late === 0 && errors.has("ECONNREFUSED");
    if (hopeless && elapsed > GIVE_UP_MS) this.#driver?.stop();
  }

  /** Nothing was answered: says what came instead. */
  #explainSilence(endpoint: Endpoint | undefined): void {
    const { counts, errors, statuses } = this.#recorder;
    if (endpoint === undefined || this.#failures.length > 0 || counts.answered + counts.late > 0 || this.#stopped)
      return;
    const where = formatHostPort(endpoint.address, endpoint.port);
    const codes = [...errors.keys(), ...[...statuses.keys()].map((status) => `status ${status}`)].join(", ");
    const garbled = counts.corrupt > 0 || errors.has(UNFRAMED);
    if (garbled) this.#failures.push(`${where} answers, but not in the protocol; --mode plain takes any answer`);
    else if (errors.has("ECONNREFUSED"))
      this.#failures.push(`nothing listens at ${where} (ECONNREFUSED)${this.#plan.hint}`);
    else this.#failures.push(`${where} answered nothing within the timeout${codes === "" ? "" : ` (${codes})`}`);
  }

  /** Waits until every packet is answered or its timeout has passed, and on UDP until no more copies come. */
  async #settle(client: Client): Promise<void> {
    const { timeoutMs, protocol, mode } = this.#plan;
    const sentAt = this.#clock.now();
    const copies = protocol === "udp" && mode === "stamp" && this.#recorder.counts.answered > 0;
    const longest = (this.#recorder.service.max ?? 0) * 1000;
    const quiet = copies ? Math.min(timeoutMs, Math.max(QUIET_MS, longest)) : 0;
    for (;;) {
      const now = this.#clock.now();
      client.tick(now);
      const still = now - Math.max(client.lastArrival, sentAt) >= quiet || now - sentAt > timeoutMs + quiet;
      if (client.pending === 0 && still) break;
      await sleep(SETTLE_POLL_MS);
    }
    client.finish();
    this.#recorder.resolveUnidentified();
  }
}
