/**
 * Classifies the answers to one STAMP session of a sender. An answer is a reflector's packet or, from an echo server, the
 * test packet itself.
 */
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
} from "../../../stamp/packet.ts";
import type { PacketAccounting } from "../../measure/accounting.ts";
import { ExchangeSeries } from "../../measure/delays/exchange-series.ts";
import type { LabIdentity } from "../../measure/directions/lab-identity.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { AnswerCheck } from "./answer-check.ts";
import { DeferredAnswers, type ReflectedAnswer } from "./deferred-answers.ts";
import { ReflectorSequence } from "./reflector-sequence.ts";

/** By how much T3 - T2 may exceed the round trip, ms: the two clocks differ in rate and resolution. */
const RESIDENCE_SLACK_MS = 1000;

/** Offsets of timestamps: T1 in a test packet, and T3, T2 and T1 in an answer (RFC 8762 sections 4.2.1 and 4.3.1). */
const SENT_AT = 4;
const REFLECTED_AT = 4;
const RECEIVED_AT = 16;
const SENDER_SENT_AT = 28;

/** The sender's sequence number and send time (ms since the Unix epoch) in an answer, and where the time is. */
interface Returned {
  readonly onWire: number;
  readonly sentAt: number;
  readonly timeAt: number;
}

/** What the answers of a session are compared with, and counted in. */
export interface SentSession {
  readonly recorder: Recorder;
  readonly accounting: PacketAccounting;
  readonly ssid: number;
}

/** The answers to the packets of a session. */
export class SessionAnswers {
  readonly #identity: LabIdentity;
  readonly #check: AnswerCheck;
  readonly #reflector: ReflectorSequence;
  /** Answers that arrived before it was decided whether the target is a lab. */
  readonly #deferred: DeferredAnswers;
  #recorder: Recorder;
  #accounting: PacketAccounting;
  #exchanges: ExchangeSeries;
  #ssid: number;
  /** The session id before the last restart; answers to it still arrive and are ignored. */
  #previousSsid: number | undefined;
  /** The error estimate of the last answer, and its octets. */
  #estimate: ErrorEstimate | undefined;
  #estimateBits = -1;

  /** @param padding a packet's octets before the test packet is written into it */
  constructor(sent: SentSession, identity: LabIdentity, timeoutMs: number, padding: Buffer) {
    this.#identity = identity;
    this.#check = new AnswerCheck(padding);
    this.#recorder = sent.recorder;
    this.#accounting = sent.accounting;
    this.#ssid = sent.ssid;
    const { slots } = sent.accounting.packets;
    this.#reflector = new ReflectorSequence(slots);
    this.#exchanges = new ExchangeSeries(slots);
    this.#deferred = new DeferredAnswers(identity, timeoutMs, (answer) => this.#classify(answer));
  }

  /** Adds the reflector's sequence numbers to the recorder, once, at the end of the session. */
  finish(neverSent: number): void {
    this.#reflector.moveTo(this.#recorder, this.#accounting, neverSent);
  }

  /** Ignores the answers that are held. */
  dropDeferred(): void {
    for (const { octets } of this.#deferred.drop()) this.#accounting.notes?.noteOther("ignored", octets);
  }

  /** The next answers are those to another session. */
  restart({ recorder, accounting, ssid }: SentSession): void {
    this.#recorder = recorder;
    this.#accounting = accounting;
    this.#previousSsid = this.#ssid;
    this.#ssid = ssid;
    this.#exchanges = new ExchangeSeries(accounting.packets.slots);
  }

  /** Decides that the target is not a lab if an answer has been held for too long. */
  expire(now: number): void {
    this.#deferred.expire(now);
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
      this.#receiveDamaged(bytes, now, at, length, { onWire, sentAt, timeAt: at + SENT_AT });
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
      this.#receiveDamaged(bytes, now, at, length, { onWire, sentAt, timeAt: at + SENDER_SENT_AT });
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
    const { isLab } = this.#identity;
    // An answer that is not exact comes from a foreign reflector, or from a lab and was damaged on the way.
    if (isLab === false || this.#check.isExact(bytes, at, length, this.#ssid, packets.wallTimeOf(sequence))) {
      this.#countReflected(answer);
    } else if (isLab === true) this.#countCorrupt(sequence, now, length);
    else this.#deferred.add(answer, this.#recorder);
  }

  /** The error estimate of an answer: mostly the same object, because a reflector rarely changes it. */
  #estimateOf(bytes: Buffer, at: number): ErrorEstimate {
    const bits = errorEstimateBits(bytes, at);
    if (this.#estimate === undefined || bits !== this.#estimateBits) this.#estimate = errorEstimateOf(bytes, at);
    this.#estimateBits = bits;
    return this.#estimate;
  }

  /** Counts a deferred answer: as corrupt if the target is a lab. */
  #classify(answer: ReflectedAnswer): void {
    const { sequence, now, octets } = answer;
    if (this.#identity.isLab === true) this.#countCorrupt(sequence, now, octets);
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
  #receiveDamaged(bytes: Buffer, now: number, at: number, length: number, returned: Returned): void {
    const { onWire, sentAt, timeAt } = returned;
    const { packets } = this.#accounting;
    const ssid = ssidOf(bytes, at);
    const candidates = [ssid === this.#ssid ? packets.find(onWire) : -1, packets.findBySendTime(sentAt, onWire)];
    // A single damaged bit can turn a send time into that of another packet; the candidate that needs fewer damaged
    // bits is the more likely one. Of two that need as many it is the one with that number: a send time has twice as
    // many bits as a number, and a lab damages no numbers.
    const distance = (sequence: number) => packets.bitDifference(sequence, bytes, timeAt, onWire);
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
