/** A load run from its options to its report: connect, warm up, send, wait for answers, attribute losses, report. */
import { type Clock, systemClock } from "../base/clock.ts";
import { unattributed } from "./measure/directions/loss-direction.ts";
import type { MeasuredRun } from "./measure/measured-run.ts";
import { PacketDrain } from "./measure/packets/packet-drain.ts";
import { PacketLog, type PacketSink } from "./measure/packets/packet-log.ts";
import { Recorder } from "./measure/recorder.ts";
import { type IntervalSnapshot, SnapshotStream, takeSnapshot } from "./measure/snapshot.ts";
import { Stream } from "./measure/stream.ts";
import { TargetError } from "./plan/errors.ts";
import type { LoadOptions } from "./plan/options.ts";
import { planRun, type RunPlan } from "./plan/run-plan.ts";
import { type SchedulePlan, scheduledSeconds, startSchedule } from "./plan/schedule.ts";
import { type WarmUpProgress, warmUpSchedule } from "./plan/warm-up.ts";
import { withObjectives } from "./report/judge.ts";
import { makeReport } from "./report/make.ts";
import { noAnswerReason } from "./report/no-answer.ts";
import type { RunEnd, RunReport } from "./report/report.ts";
import type { Client } from "./send/client.ts";
import { Driver } from "./send/driver.ts";
import { lastAnswers, pendingAnswers } from "./send/last-answers.ts";
import { makeClient } from "./send/make-client.ts";
import { NO_RELAY, type OpenRelay } from "./send/relays/relay-path.ts";
import { RunTarget } from "./send/run-target.ts";
import { certificateProblem } from "./send/tls-errors.ts";

/** Time between the start of the schedule and its first packet, so that the first packet is not late. */
const LEAD_MS = 2;
/** A run against a target that refuses every packet ends after this time. */
const GIVE_UP_MS = 1000;

/** A run under way. Its iterator yields a snapshot for each interval. */
export interface LoadRun extends AsyncIterable<IntervalSnapshot> {
  /** The progress of the warm-up, at each interval; ends when the measurement begins, at once without a warm-up. */
  readonly warmUp: AsyncIterable<WarmUpProgress>;
  /** The report, when the run has ended. It does not reject for network errors: the report contains them. */
  readonly report: Promise<RunReport>;
  /** The measurements while they grow; complete when the report is there. */
  readonly measured: MeasuredRun;
  /** Stops sending now; the report covers the packets sent so far. */
  stop(): void;
}

/**
 * Starts a load run. Throws a UsageError for invalid options.
 * @param packets receives a row for each packet
 * @param openRelay starts the relay of the option `via`, whose module is above this one
 */
export function runLoad(
  options: LoadOptions,
  clock: Clock = systemClock(),
  packets?: PacketSink,
  openRelay?: OpenRelay,
): LoadRun {
  const execution = new RunExecution(planRun(options), clock, packets, openRelay);
  return {
    report: execution.run(),
    measured: execution.measured(),
    warmUp: execution.warmUp,
    stop: () => execution.stop(),
    [Symbol.asyncIterator]: () => execution.snapshots[Symbol.asyncIterator](),
  };
}

/** The state of one run. */
class RunExecution {
  readonly snapshots = new SnapshotStream();
  readonly warmUp = new Stream<WarmUpProgress>();
  readonly #clock: Clock;
  readonly #target: RunTarget;
  readonly #failures: string[] = [];
  #recorder = new Recorder();
  #client: Client | undefined;
  #driver: Driver | undefined;
  #isStopped = false;
  readonly #stopped = Promise.withResolvers<void>();
  #hasSent = false;
  #ended: RunEnd = "completed";
  #startedAt = new Date();
  #seconds = 0;
  #bufferDrops: number | undefined;
  #drain: PacketDrain | undefined;

  constructor(plan: RunPlan, clock: Clock, packets: PacketSink | undefined, openRelay: OpenRelay | undefined) {
    this.#clock = clock;
    this.#target = new RunTarget(plan, clock, openRelay);
    if (packets !== undefined) this.#logPackets(packets);
  }

  get #plan(): RunPlan {
    return this.#target.plan;
  }

  #logPackets(sink: PacketSink): void {
    const { sender } = this.#recorder.oneWay;
    this.#recorder.log = new PacketLog(this.#clock, (now) => sender.at(now));
    this.#drain = new PacketDrain(this.#recorder.log, sink);
  }

  measured(): MeasuredRun {
    return {
      protocol: this.#plan.protocol,
      recorder: () => this.#recorder,
      directions: () => this.#target.directions,
    };
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve();
    if (!this.#hasSent && this.#ended === "completed") this.#ended = "interrupted";
    this.#driver?.stop();
  }

  async run(): Promise<RunReport> {
    try {
      const client = await this.#connect();
      if (client !== undefined) {
        await this.#warmUp(client);
        this.warmUp.end();
        await this.#measure(client);
      }
    } catch (error) {
      await this.#target.relay?.end();
      this.#fail(error);
    } finally {
      this.#target.attribution.stop();
      this.warmUp.end();
      this.snapshots.end();
      this.#client?.close();
      await this.#target.relay?.close();
    }
    return this.#report(await this.#drain?.end());
  }

  /** Opens the connections; undefined if the run is stopped meanwhile. */
  async #connect(): Promise<Client | undefined> {
    const endpoint = await this.#target.open();
    const { ssid, httpSession, identity } = this.#target.attribution;
    const client = await makeClient(this.#plan, {
      endpoint,
      recorder: this.#recorder,
      clock: this.#clock,
      ssid,
      httpSession,
      identity,
      onCapacity: () => this.#driver?.onCapacity(),
    });
    this.#client = client; // even if it fails to open, it is closed at the end
    const isOpen = await Promise.race([client.open().then(() => true), this.#stopped.promise.then(() => false)]);
    return isOpen ? client : undefined;
  }

  /** Sends packets that are not counted: with another recorder and session id, on the same connections. */
  async #warmUp(client: Client): Promise<void> {
    if (this.#plan.warmupSeconds === 0 || this.#isStopped) return;
    const recorder = this.#recorder;
    this.#recorder = new Recorder(recorder.handshakes);
    client.restart(this.#recorder, (this.#target.attribution.ssid % 0xffff) + 1);
    await this.#driveWarmUp(client);
    // The relay would count their answers as those of the measurement.
    if (this.#target.relay !== undefined)
      await pendingAnswers(client, this.#clock, this.#plan.timeoutMs, () => this.#isStopped);
    this.#recorder = recorder;
    client.restart(recorder, this.#target.attribution.ssid);
  }

  async #driveWarmUp(client: Client): Promise<void> {
    const { protocol, warmupSeconds: totalSeconds, intervalMs } = this.#plan;
    const startedAt = this.#clock.now();
    const report = () => {
      const seconds = (this.#clock.now() - startedAt) / 1000;
      this.warmUp.push({ protocol, seconds, totalSeconds, sent: this.#recorder.counts.sent });
    };
    report();
    const timer = setInterval(report, intervalMs);
    try {
      await this.#drive(client, warmUpSchedule(this.#plan), startedAt, totalSeconds);
    } finally {
      clearInterval(timer);
    }
  }

  /** Sends all packets, waits for their answers, and attributes the losses. Snapshots are taken at intervals. */
  async #measure(client: Client): Promise<void> {
    await this.#target.relay?.start(this.#clock, () => this.#isStopped);
    this.#startedAt = new Date();
    this.#target.attribution.start(this.#recorder, client.localPorts);
    const startedAt = this.#clock.now() + LEAD_MS;
    if (this.#recorder.log !== undefined) this.#recorder.log.startedAt = startedAt;
    const timer = setInterval(() => this.#endInterval(startedAt), this.#plan.intervalMs);
    try {
      await this.#drive(client, this.#plan, startedAt, this.#plan.seconds);
      this.#hasSent = true;
      this.#seconds = this.#sendingSeconds(startedAt);
      await this.#awaitAnswers(client);
    } finally {
      clearInterval(timer);
      this.#endInterval(startedAt, true);
    }
    this.#bufferDrops = client.bufferDrops?.();
    await this.#target.finalize(this.#recorder);
  }

  /** How long packets were sent: to the end of the plan, or to the last packet if that left later. */
  #sendingSeconds(startedAt: number): number {
    const since = (time = startedAt) => Math.max(0, time - startedAt) / 1000;
    const elapsed = since(this.#driver?.stoppedAt);
    if (this.#ended !== "completed" || this.#plan.closedLoop) return elapsed;
    return Math.max(scheduledSeconds(this.#plan, elapsed), since(this.#driver?.lastSentAt));
  }

  async #drive(client: Client, schedule: SchedulePlan, startedAt: number, seconds: number): Promise<void> {
    const { timeoutMs, closedLoop } = this.#plan;
    this.#driver = new Driver({ client, recorder: this.#recorder, clock: this.#clock, timeoutMs });
    if (this.#isStopped) return this.#driver.stop();
    if (!closedLoop) return this.#driver.openLoop(startSchedule(schedule), startedAt, seconds);
    const endsAt = startedAt + (schedule.stages[0]?.seconds ?? 0) * 1000;
    await this.#driver.closedLoop(endsAt, schedule.count ?? Number.POSITIVE_INFINITY);
  }

  /** Takes a snapshot, and ends a run against a target that refuses every packet. */
  #endInterval(startedAt: number, isLast = false): void {
    const { protocol, intervalMs, seconds: totalSeconds, timeoutMs } = this.#plan;
    const elapsed = this.#clock.now() - startedAt;
    const about = { protocol, seconds: elapsed / 1000, interval: intervalMs / 1000, totalSeconds };
    this.snapshots.push(takeSnapshot(this.#recorder, about, timeoutMs / 1000), isLast);
    if (elapsed <= GIVE_UP_MS || !this.#isUnanswered) return;
    if (this.#recorder.errors.has("ECONNREFUSED")) this.#giveUp();
    else void this.#target.relay?.isRefused().then((isRefused) => isRefused && this.#isUnanswered && this.#giveUp());
  }

  /** Whether packets are being sent and none was answered. */
  get #isUnanswered(): boolean {
    const { counts } = this.#recorder;
    return !this.#hasSent && counts.answered + counts.late === 0;
  }

  /** Ends a run against a target that refuses every packet. */
  #giveUp(): void {
    this.#ended = "gave-up";
    this.#driver?.stop();
  }

  /** Waits until the outcome of every packet is final. */
  async #awaitAnswers(client: Client): Promise<void> {
    const isRefused = this.#ended === "gave-up";
    await lastAnswers({ client, recorder: this.#recorder, clock: this.#clock, plan: this.#plan, isRefused });
    await this.#target.attribution.conclude(this.#recorder);
    client.finish?.();
    this.#recorder.resolveUnidentified();
  }

  /** Adds an error that ended the run to its report. */
  #fail(error: unknown): void {
    if (!(error instanceof Error)) throw error;
    const isTarget = error instanceof TargetError;
    this.#ended = "gave-up";
    const unreachable = this.#target.relay?.unreachable ?? "";
    const line = isTarget ? `${error.message}${unreachable}${this.#hintFor(error)}` : `${error.name}: ${error.message}`;
    this.#failures.push(line);
    if (isTarget) this.#recorder.countError(error.code);
  }

  /** How to start a lab, unless the relay is the problem, or the target runs and its certificate is not accepted. */
  #hintFor({ code }: TargetError): string {
    return code === NO_RELAY || certificateProblem(code, "") !== undefined ? "" : this.#plan.hint;
  }

  #report(packetLog: RunReport["packetLog"] = null): RunReport {
    const recorder = this.#recorder;
    recorder.recordUndelayed(0);
    const { endpoint, relay } = this.#target;
    const directions = this.#target.finalDirections ?? unattributed(recorder);
    if (endpoint !== undefined && this.#failures.length === 0 && !this.#isStopped) {
      const reason = noAnswerReason(recorder, relay?.endpoint ?? endpoint, this.#plan, directions);
      if (reason !== undefined) this.#failures.push(`${reason}${relay?.unreachable ?? ""}`);
    }
    const report = makeReport({
      plan: this.#plan,
      ended: this.#ended,
      endpoint,
      recorder,
      directions,
      startedAt: this.#startedAt,
      seconds: this.#seconds,
      failures: this.#failures,
      bufferDrops: this.#bufferDrops,
      sessionId: this.#plan.stamp ? this.#target.attribution.ssid : undefined,
      packetLog,
      relay: relay?.result(recorder),
    });
    return withObjectives(report, this.#plan.objectives);
  }
}
