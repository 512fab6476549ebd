/**
 * One STAMP session of a sender, without its socket: writes test packets (RFC 8762 section 4.2) and classifies the
 * answers. An answer is a reflector's packet or, from an echo server, the test packet itself.
 */
import type { Clock } from "../../../base/clock.ts";
import {
  type ErrorEstimate,
  errorEstimateBits,
  errorEstimateOf,
  isTestPacket,
  readOwnTimestamp,
  readTimestamp,
  STAMP_LENGTH,
  senderSequenceOf,
  sequenceOf,
  ssidOf,
  writeTestPacket,
} from "../../../stamp/packet.ts";
import { PacketAccounting } from "../../measure/accounting.ts";
import { ExchangeSeries } from "../../measure/exchange-series.ts";
import type { LabIdentity } from "../../measure/lab-identity.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { slotsFor } from "../../measure/sent-packets.ts";
import { AnswerCheck } from "./answer-check.ts";
import { makePadding } from "./padding.ts";
import { ReflectorSequence } from "./reflector-sequence.ts";

/** By how much T3 - T2 may exceed the round trip, ms: the two clocks differ in rate and resolution. */
const RESIDENCE_SLACK_MS = 1000;

/** Difference of the send times of packets that are passed to the kernel in one call, ms; above the resolution of T1. */
const SPACING_MS = 0.0007;

/** Offsets of timestamps: T1 in a test packet, and T3, T2 and T1 in an answer (RFC 8762 sections 4.2.1 and 4.3.1). */
const SENT_AT = 4;
const REFLECTED_AT = 4;
const RECEIVED_AT = 16;
const SENDER_SENT_AT = 28;

/** Most answers of a run that are held until it is decided whether the target is a lab, in about 10 MB. */
const MAX_DEFERRED = 65_536;
/** Timeouts after which an answer is not held any longer. Each packet is kept for at least two. */
const DEFERRED_TIMEOUTS = 2;

/** What is read from a reflector's packet. Times are monotonic ms (`now`) and ms since the Unix epoch. */
interface ReflectedAnswer {
  readonly sequence: number;
  readonly now: number;
  /** The reflector's own sequence number. */
  readonly reflected: number;
  /** The sender's sequence number, modulo 2^32. */
  readonly onWire: number;
  /** When the packet was sent. */
  readonly sentTime: number;
  readonly receivedAt: number;
  readonly reflectedAt: number;
  /** The reflector's error estimate, and its octets. */
  readonly estimate: ErrorEstimate;
  readonly estimateBits: number;
  /** Length of the answer. */
  readonly octets: number;
}

/** Settings of a session. */
export interface SessionSettings {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly size: number;
  readonly timeoutMs: number;
  readonly waitMs: number;
  /** Highest rate of this session, packets a second. */
  readonly highestRate: number;
  readonly ssid: number;
  readonly identity: LabIdentity;
  readonly seed: number;
}

/** The packets of a session. */
export class SenderSession {
  readonly #clock: Clock;
  readonly #settings: SessionSettings;
  readonly #padding: Buffer;
  readonly #check: AnswerCheck;
  readonly #reflector: ReflectorSequence;
  #recorder: Recorder;
  #ssid: number;
  /** The session id before the last restart; answers to it still arrive and are ignored. */
  #previousSsid: number | undefined;
  /** Answers that arrived before it was decided whether the target is a lab. */
  readonly #deferred: ReflectedAnswer[] = [];
  readonly #slots: number;
  #accounting: PacketAccounting;
  #exchanges: ExchangeSeries;
  /** The error estimate of the last answer, and its octets. */
  #estimate: ErrorEstimate | undefined;
  #estimateBits = -1;
  /** Packets counted as lost without being sent, and the sequence number after the last of them. */
  #neverSent = 0;
  #afterNeverSent = 0;

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.#clock = settings.clock;
    this.#padding = makePadding(settings.size, settings.seed);
    this.#check = new AnswerCheck(this.#padding);
    this.#recorder = settings.recorder;
    this.#ssid = settings.ssid;
    this.#slots = slotsFor(settings.highestRate, settings.waitMs, settings.recorder.log !== undefined);
    this.#reflector = new ReflectorSequence(this.#slots);
    this.#accounting = this.#newAccounting();
    this.#exchanges = new ExchangeSeries(this.#accounting.packets.slots);
    settings.identity.onDecision(() => this.#releaseDeferred());
  }

  /**
   * RFC 8762 numbers packets from 0. Here they start at 1: a stateful reflector then answers the first packet with its own
   * 0, and a stateless one with the sender's 1.
   */
  #newAccounting(): PacketAccounting {
    const { timeoutMs, waitMs } = this.#settings;
    return new PacketAccounting(this.#recorder, { slots: this.#slots, timeoutMs, waitMs, first: 1 });
  }

  /** Packets without an outcome. */
  get pending(): number {
    return this.#accounting.pending;
  }

  /** Number of packets passed to the connection after the last one that was answered. */
  get unansweredTail(): number {
    const { packets, unansweredTail } = this.#accounting;
    return Math.min(unansweredTail, packets.next - Math.max(packets.first, this.#afterNeverSent));
  }

  /** Whether the accounting can hold another packet. */
  get hasCapacity(): boolean {
    return this.#accounting.hasCapacity;
  }

  /** Adds the reflector's sequence numbers to the recorder, once, at the end of the session. */
  finish(): void {
    this.#reflector.moveTo(this.#recorder, this.#accounting, this.#neverSent);
    this.#neverSent = 0;
  }

  /** Starts a new session: earlier packets are dropped from the accounting, and answers to them are ignored. */
  restart(recorder: Recorder, ssid: number): void {
    const dropped = this.#deferred.splice(0);
    this.#recorder.deferredAnswers -= dropped.length;
    for (const { octets } of dropped) this.#accounting.notes?.noteOther("ignored", octets);
    this.finish();
    this.#accounting.close();
    this.#recorder = recorder;
    this.#previousSsid = this.#ssid;
    this.#ssid = ssid;
    this.#accounting = this.#newAccounting();
    this.#afterNeverSent = 0;
    this.#exchanges = new ExchangeSeries(this.#accounting.packets.slots);
  }

  /** A buffer of the session's packet size with its padding, into which test packets are written. */
  newPacket(): Buffer {
    return Buffer.from(this.#padding);
  }

  /** The present time, monotonic ms. */
  get now(): number {
    return this.#clock.now();
  }

  /** Adds the next packet to the accounting. */
  add(intendedAt: number, now: number): void {
    const sequence = this.#accounting.add(intendedAt, now, now);
    this.#recorder.counts.bytesSent += this.#settings.size;
    this.#accounting.notes?.noteSent(sequence, this.#settings.size);
  }

  /**
   * Writes the packet that was added `back` packets before the next one into `bytes` at `at`, just before it is passed to
   * the kernel at `now` (monotonic ms), with this as its send time. Packets that are passed in one call get different send
   * times before the call, so that a send time identifies its packet.
   */
  stamp(bytes: Uint8Array, at: number, back: number, now: number): void {
    const { packets } = this.#accounting;
    const sequence = packets.next - back;
    // After a restart the packet belongs to the session before, and has been written.
    if (sequence < packets.first) return;
    const sentAt = Math.max(packets.sentTimeOf(sequence), now - (back - 1) * SPACING_MS);
    const wall = this.#clock.wallAt(sentAt);
    this.#recorder.oneWay.sender.observe(sentAt, wall);
    packets.updateSentAt(sequence, sentAt, wall);
    writeTestPacket(bytes, { sequence, sentAt: wall, ssid: this.#ssid }, at);
  }

  /** Records the hand-over to the kernel of the packet that was added `back` packets before the next one. */
  handedOver(back: number): void {
    const { packets } = this.#accounting;
    const sequence = packets.next - back;
    if (sequence < packets.first) return;
    const error = this.#recorder.handOver.record(packets.intendedTimeOf(sequence), packets.sentTimeOf(sequence));
    this.#accounting.notes?.noteScheduleError(sequence, error);
  }

  /** Whether the timeout has passed since the intended send time of the packet that was added `back` packets before the next one. */
  isOverdue(back: number, now: number): boolean {
    const { packets } = this.#accounting;
    return now - packets.intendedTimeOf(packets.next - back) > this.#settings.timeoutMs;
  }

  /** Counts the packet that was written `back` packets before the next one as refused by this machine's kernel. */
  refuse(back: number): void {
    const { packets } = this.#accounting;
    // After a restart the packet belongs to the session before, which is not counted.
    if (packets.next - back < packets.first) return;
    this.#accounting.refuse(packets.next - back);
    this.#accounting.notes?.noteSent(packets.next - back, 0);
    this.#recorder.counts.bytesSent -= this.#settings.size;
  }

  /** Counts a packet that no connection accepted as lost. Call only while no packet is pending. */
  countLost(intendedAt: number, now: number): void {
    this.#accounting.add(intendedAt, now, this.#clock.wallAt(now));
    this.#accounting.expireAll();
    this.#neverSent++;
    this.#afterNeverSent = this.#accounting.packets.next;
  }

  /** Counts packets whose timeout has passed as lost; returns how many. */
  expire(now: number): number {
    const [oldest] = this.#deferred;
    const isOverdue = oldest !== undefined && now - oldest.now > DEFERRED_TIMEOUTS * this.#settings.timeoutMs;
    if (isOverdue) this.#settings.identity.decide(false);
    return this.#accounting.expire(now);
  }

  /** Counts all pending packets as lost, because the connection is closed; returns how many. */
  expireAll(): number {
    return this.#accounting.expireAll();
  }

  /** Classifies an answer that arrived at `now` (monotonic ms): `length` octets of `bytes` from `at`. */
  receive(bytes: Buffer, now: number, at = 0, length = bytes.length): void {
    this.#recorder.counts.bytesReceived += length;
    if (length < STAMP_LENGTH) this.#countUnidentified(length);
    else if (isTestPacket(bytes, at, length)) this.#receiveEcho(bytes, now, at, length);
    else this.#receiveReflected(bytes, now, at, length);
  }

  #receiveEcho(bytes: Buffer, now: number, at: number, length: number): void {
    const { notes } = this.#accounting;
    if (ssidOf(bytes, at) !== this.#ssid && ssidOf(bytes, at) !== 0) {
      notes?.noteOther("ignored", length);
      return;
    }
    const onWire = sequenceOf(bytes, at);
    const sentAt = readTimestamp(bytes, at + SENT_AT);
    const sequence = this.#accounting.packets.find(onWire);
    if (sequence < 0 || !this.#accounting.packets.wasSentAt(sequence, sentAt)) {
      this.#receiveDamaged(bytes, now, at, length, onWire, sentAt);
      return;
    }
    const reception = this.#accounting.answer(sequence, now);
    if (reception === "unknown") this.#recorder.counts.unknownAnswers++;
    notes?.noteAnswer(reception, sequence, now, length);
  }

  #receiveReflected(bytes: Buffer, now: number, at: number, length: number): void {
    const { packets } = this.#accounting;
    const onWire = senderSequenceOf(bytes, at);
    const sentAt = readTimestamp(bytes, at + SENDER_SENT_AT);
    const sequence = packets.find(onWire);
    if (sequence < 0 || !packets.wasSentAt(sequence, sentAt)) {
      this.#receiveDamaged(bytes, now, at, length, onWire, sentAt);
      return;
    }
    const answer = {
      sequence,
      now,
      reflected: sequenceOf(bytes, at),
      onWire,
      sentTime: packets.sentTimeOf(sequence),
      receivedAt: readOwnTimestamp(bytes, at, RECEIVED_AT),
      reflectedAt: readOwnTimestamp(bytes, at, REFLECTED_AT),
      estimate: this.#estimateOf(bytes, at),
      estimateBits: errorEstimateBits(bytes, at),
      octets: length,
    };
    const isPlausible = Math.abs(answer.reflectedAt - answer.receivedAt) <= now - answer.sentTime + RESIDENCE_SLACK_MS;
    if (!isPlausible || !this.#check.isIntact(bytes, at, this.#ssid)) {
      this.#countCorrupt(sequence, now, length);
      return;
    }
    const { isLab } = this.#settings.identity;
    // An answer that is not exact comes from a foreign reflector, or from a lab and was damaged on the way.
    if (isLab === false || this.#check.isExact(bytes, at, length, this.#ssid, packets.wallTimeOf(sequence))) {
      this.#countReflected(answer);
    } else if (isLab === true) this.#countCorrupt(sequence, now, length);
    else this.#defer(answer);
  }

  /** The error estimate of an answer: mostly the same object, because a reflector rarely changes it. */
  #estimateOf(bytes: Buffer, at: number): ErrorEstimate {
    const bits = errorEstimateBits(bytes, at);
    if (this.#estimate === undefined || bits !== this.#estimateBits) this.#estimate = errorEstimateOf(bytes, at);
    this.#estimateBits = bits;
    return this.#estimate;
  }

  /** Holds an answer until it is decided whether the target is a lab. Very many of them come from a foreign reflector. */
  #defer(answer: ReflectedAnswer): void {
    if (this.#recorder.deferredAnswers >= MAX_DEFERRED) {
      this.#settings.identity.decide(false);
      this.#classify(answer);
      return;
    }
    this.#deferred.push(answer);
    this.#recorder.deferredAnswers++;
  }

  #releaseDeferred(): void {
    const deferred = this.#deferred.splice(0);
    this.#recorder.deferredAnswers -= deferred.length;
    for (const answer of deferred) this.#classify(answer);
  }

  /** Counts a deferred answer: as corrupt if the target is a lab. */
  #classify(answer: ReflectedAnswer): void {
    const { sequence, now, octets } = answer;
    if (this.#settings.identity.isLab === true) this.#countCorrupt(sequence, now, octets);
    else this.#countReflected(answer);
  }

  /** Counts an intact answer, and the times of the packet's first one within the timeout. */
  #countReflected(answer: ReflectedAnswer): void {
    const { sequence, now, reflected, onWire } = answer;
    const { counts } = this.#recorder;
    if (reflected !== onWire) this.#recorder.statefulAnswers++;
    const duplicatesBefore = counts.duplicateUp;
    const reception = this.#accounting.answer(sequence, now, reflected);
    if (reception === "unknown") counts.unknownAnswers++;
    this.#accounting.notes?.noteAnswer(reception, sequence, now, answer.octets, answer);
    const isCopy = counts.duplicateUp > duplicatesBefore;
    if (reception !== "duplicate" || isCopy) {
      this.#reflector.add(
        reflected,
        sequence,
        { isCopy, isCounted: reception !== "unknown" },
        this.#accounting.packets,
      );
    }
    if (reception === "answered") this.#recordTimes(answer);
  }

  #recordTimes({ sequence, now, sentTime, receivedAt, reflectedAt, estimate }: ReflectedAnswer): void {
    const { oneWay } = this.#recorder;
    const [t1, t4] = [oneWay.sender.at(sentTime), oneWay.sender.at(now)];
    this.#recorder.recordExchange(t1, receivedAt, reflectedAt, t4);
    this.#exchanges.add(sequence, receivedAt - t1, t4 - reflectedAt, oneWay.variation);
    oneWay.observeEstimate(estimate);
  }

  /** An answer whose number and send time do not belong together. Either of them may still identify its packet. */
  #receiveDamaged(bytes: Buffer, now: number, at: number, length: number, onWire: number, sentAt: number): void {
    const { packets } = this.#accounting;
    const ssid = ssidOf(bytes, at);
    const candidates = [packets.findBySendTime(sentAt, onWire), ssid === this.#ssid ? packets.find(onWire) : -1];
    // A single damaged bit can turn a send time into that of another packet; the candidate that needs fewer damaged
    // bits is the more likely one.
    const distance = (sequence: number) => packets.bitDifference(sequence, sentAt, onWire);
    const [sequence] = candidates.filter((candidate) => candidate >= 0).sort((a, b) => distance(a) - distance(b));
    if (sequence !== undefined) this.#countCorrupt(sequence, now, length);
    else if (ssid === this.#previousSsid) this.#accounting.notes?.noteOther("ignored", length);
    else if (this.#check.hasSenderEstimate(bytes, at)) this.#countUnknown(length);
    else this.#countUnidentified(length);
  }

  #countUnidentified(octets: number): void {
    this.#recorder.counts.unidentified++;
    this.#accounting.notes?.noteOther("unidentified", octets);
  }

  #countUnknown(octets: number): void {
    this.#recorder.counts.unknownAnswers++;
    this.#accounting.notes?.noteOther("unknown-answer", octets);
  }

  /** Counts the packet of a damaged answer as corrupt; if it was answered already, the answer is a duplicate. */
  #countCorrupt(sequence: number, now: number, octets: number): void {
    const { notes } = this.#accounting;
    if (this.#accounting.resolve(sequence, "corrupt")) {
      notes?.noteOutcome(sequence, now, { octets });
      return;
    }
    const isUnknown = this.#accounting.isFinallyLost(sequence);
    this.#recorder.counts[isUnknown ? "unknownAnswers" : "duplicate"]++;
    notes?.noteOther(isUnknown ? "unknown-answer" : "duplicate", octets, sequence);
  }
}
