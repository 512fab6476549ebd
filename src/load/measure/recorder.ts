/** The measurements of one run, all sessions together: counts, distributions and errors, in constant memory. */
import { QUANTILE_NAMES, QUANTILES } from "../plan/quantiles.ts";
import { OneWay } from "./clocks/one-way.ts";
import { type Counts, noCounts, pendingOf } from "./counts.ts";
import { DelaySeries } from "./delays/delay-series.ts";
import { DelayVariation } from "./delays/delay-variation.ts";
import { HandOver } from "./hand-over.ts";
import { Handshakes } from "./handshakes.ts";
import { Histogram } from "./histograms/histogram.ts";
import { SpreadHistogram } from "./histograms/spread-histogram.ts";
import { LossPattern } from "./losses/loss-pattern.ts";
import type { PacketLog } from "./packets/packet-log.ts";

/** The losses among the packets sent up to a time. */
export interface Checkpoint {
  /** Monotonic ms. */
  readonly at: number;
  /** Packets sent up to `at` that are lost by now; final one timeout after `at`. */
  lost: number;
}

/** Most distinct error codes; further ones are counted together as "other". */
const MAX_ERROR_CODES = 50;

/** The quantiles of a report, whose dependence is measured during the run. */
const REPORTED = QUANTILE_NAMES.map((name) => QUANTILES[name]);

/** Counts and times everything that a run measures. Durations are passed in ms. */
export class Recorder {
  /** The log of the packets; undefined if the run keeps none. */
  log: PacketLog | undefined;
  readonly counts: Counts = noCounts();
  readonly response = new Histogram();
  readonly service = new Histogram();
  /** Response times of the answers that count as failed: HTTP statuses outside 2xx. */
  readonly failed = new Histogram();
  readonly server = new Histogram();
  /** Response times without the delays of this generator: sending late, and reading late. */
  readonly undelayed = new Histogram();
  /** That of the last answer, without the delay of sending alone, until the delay of its reading is known; else NaN. */
  #unread = Number.NaN;
  /** Losses in order of sending, of the packets whose outcome is final. */
  readonly losses = new LossPattern();
  /** Response times in order of sending, of the packets whose outcome is final. */
  readonly responses = new DelaySeries(REPORTED);
  /** Service times with the precision of their distance from the shortest, for the delay variation of RFC 5481. */
  readonly serviceSpread = new SpreadHistogram();
  /** One-way times and the clocks of both ends. */
  readonly oneWay = new OneWay();
  /** Variation of the service time. */
  readonly variation = new DelayVariation();
  /** When packets were passed to the kernel, compared with the schedule. */
  readonly handOver = new HandOver();
  readonly scheduleError = this.handOver.error;
  /** Time from a datagram's arrival at the kernel until it was read. */
  readonly receiveDelay = new Histogram();
  /** Response times since the last interval snapshot, which resets it. */
  readonly interval = new Histogram();
  /** Packets without a valid answer within the timeout, at the last interval snapshot. */
  unansweredBefore = 0;
  readonly errors = new Map<string, number>();
  readonly statuses = new Map<number, number>();
  /** Answers whose reflector sequence number differs from the sender's: the reflector is stateful. */
  statefulAnswers = 0;
  /** Answers that are held until it is decided whether the target is a lab. */
  deferredAnswers = 0;
  /** Whether a reflector's numbers were not those of one session from 0: it restarted, or counts sessions together. */
  foreignNumbers = false;
  /**
   * Sums over the sessions of stateful reflectors: answers that the reflector made, how many of these arrived, and
   * packets lost before the reflector's last known answer, and how many of these may have reached it after that answer,
   * because packets overtook each other upstream.
   */
  readonly reflector = { reflected: 0, arrived: 0, lostBefore: 0, overtaken: 0 };
  /**
   * Copies of answers without numbers: the longest time from an answer to its copy, and the shortest time after an answer
   * after which its connection carried another packet, ms. A copy that arrives later than that would answer the packet.
   */
  readonly copies = { longestLagMs: 0, shortestRestMs: Number.POSITIVE_INFINITY };
  /** Arrivals of octets on plain connections that belong to no answer awaited: answers cannot be matched with packets. */
  surplusAnswers = 0;
  /** Packets counted as lost whose waiting time has not passed: an answer would make them late. */
  awaited = 0;
  /** How long connections took to open; those of the whole run, with its warm-up. */
  readonly handshakes: Handshakes;
  readonly #checkpoints = new Set<Checkpoint>();

  /** @param handshakes those of the run, for the recorder of its warm-up */
  constructor(handshakes = new Handshakes()) {
    this.handshakes = handshakes;
  }

  /** Counts a packet that was sent at `sentAt` (monotonic ms) as lost. */
  countLost(sentAt: number): void {
    this.counts.lost++;
    for (const checkpoint of this.#checkpoints) if (sentAt <= checkpoint.at) checkpoint.lost++;
  }

  /** Reverts `countLost`, because the answer to the packet arrived. */
  revertLost(sentAt: number): void {
    this.counts.lost--;
    for (const checkpoint of this.#checkpoints) if (sentAt <= checkpoint.at) checkpoint.lost--;
  }

  /** Starts to count the losses among the packets sent up to `at`, which is the present time (monotonic ms). */
  openCheckpoint(at: number): Checkpoint {
    const checkpoint: Checkpoint = { at, lost: this.counts.lost };
    this.#checkpoints.add(checkpoint);
    return checkpoint;
  }

  /** Stops counting for a checkpoint. */
  closeCheckpoint(checkpoint: Checkpoint): void {
    this.#checkpoints.delete(checkpoint);
  }

  /** Packets sent that have no outcome yet. */
  get pending(): number {
    return pendingOf(this.counts);
  }

  /**
   * Records the times of an answered packet, ms: from the intended send time and from the actual one.
   * @param late by how much this generator sent it late
   */
  recordTimes(response: number, service: number, late = 0): void {
    this.recordUndelayed(0);
    this.#unread = response - late;
    this.response.record(response);
    this.interval.record(response);
    this.service.record(service);
    this.serviceSpread.record(service);
  }

  /** The answer that was recorded last waited this long to be read, ms. Later calls for the same answer do nothing. */
  recordUndelayed(waited: number): void {
    const unread = this.takeUnread();
    if (!Number.isNaN(unread)) this.undelayed.record(unread - waited);
  }

  /** The response time of the answer recorded last, without late sending, ms, if its reading delay is not known; else NaN. */
  takeUnread(): number {
    const unread = this.#unread;
    this.#unread = Number.NaN;
    return unread;
  }

  /** Updates the jitter with the signed change of the delay from one arrival to the next, ms (RFC 3550 section 6.4.1). */
  updateJitter(change: number): void {
    this.variation.follow(change);
  }

  /** Records the difference of two consecutive packets' round-trip delays, ms (after RFC 3393). */
  recordVariation(difference: number): void {
    this.variation.record(difference);
  }

  /**
   * Records the timestamps of a STAMP exchange, ms since the Unix epoch: T1 and T4 by the sender's time
   * (`oneWay.sender`), T2 and T3 by the target's clock.
   */
  recordExchange(t1: number, t2: number, t3: number, t4: number): void {
    this.server.record(t3 - t2);
    this.oneWay.record(t1, t2 - t1, t4 - t3);
  }

  /** Counts an error by its code, such as ECONNREFUSED. */
  countError(code: string): void {
    const error = this.countPacketError(code);
    this.log?.add("error", { error });
  }

  /** Counts an error that belongs to a packet, by its code; returns the code under which it is counted. */
  countPacketError(code: string): string {
    const key = this.errors.has(code) || this.errors.size < MAX_ERROR_CODES ? code : "other";
    this.errors.set(key, (this.errors.get(key) ?? 0) + 1);
    return key;
  }

  /** Counts an HTTP status code. */
  countStatus(code: number): void {
    this.statuses.set(code, (this.statuses.get(code) ?? 0) + 1);
  }

  /** Counts as many lost packets as corrupt as there were unidentified answers. Call when no packet is pending. */
  resolveUnidentified(): void {
    const { counts } = this;
    const resolved = Math.min(counts.unidentified, counts.lost);
    counts.lost -= resolved;
    counts.corrupt += resolved;
    counts.unidentified -= resolved;
  }
}
