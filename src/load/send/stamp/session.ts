/** One STAMP session of a sender, without its socket: numbers, writes and counts test packets (RFC 8762 section 4.2). */
import type { Clock } from "../../../base/clock.ts";
import { writeTestPacket } from "../../../stamp/packet.ts";
import { PacketAccounting } from "../../measure/accounting.ts";
import type { LabIdentity } from "../../measure/directions/lab-identity.ts";
import { slotsFor } from "../../measure/packets/sent-packets.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { makePadding } from "./padding.ts";
import { SessionAnswers } from "./session-answers.ts";

/**
 * Difference of the send times of packets that are passed to the kernel in one call, ms. Times since 1970 are multiples of
 * 0.00024 ms, and two that differ by less than 0.0006 ms are taken as equal (SentPackets).
 */
const SPACING_MS = 0.001;

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
  readonly #answers: SessionAnswers;
  #recorder: Recorder;
  #ssid: number;
  readonly #slots: number;
  #accounting: PacketAccounting;
  /** Packets counted as lost without being sent, and the sequence number after the last of them. */
  #neverSent = 0;
  #afterNeverSent = 0;

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.#clock = settings.clock;
    this.#padding = makePadding(settings.size, settings.seed);
    this.#recorder = settings.recorder;
    this.#ssid = settings.ssid;
    this.#slots = slotsFor(settings.highestRate, settings.waitMs, settings.recorder.log !== undefined);
    this.#accounting = this.#newAccounting();
    this.#answers = new SessionAnswers(this.#sent(), settings.identity, settings.timeoutMs, this.#padding);
  }

  /**
   * RFC 8762 numbers packets from 0. Here they start at 1: a stateful reflector then answers the first packet with its own
   * 0, and a stateless one with the sender's 1.
   */
  #newAccounting(): PacketAccounting {
    const { timeoutMs, waitMs } = this.#settings;
    return new PacketAccounting(this.#recorder, { slots: this.#slots, timeoutMs, waitMs, first: 1 });
  }

  #sent() {
    return { recorder: this.#recorder, accounting: this.#accounting, ssid: this.#ssid };
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
    this.#answers.finish(this.#neverSent);
    this.#neverSent = 0;
  }

  /** Starts a new session: earlier packets are dropped from the accounting, and answers to them are ignored. */
  restart(recorder: Recorder, ssid: number): void {
    this.#answers.dropDeferred();
    this.finish();
    this.#accounting.close();
    this.#recorder = recorder;
    this.#ssid = ssid;
    this.#accounting = this.#newAccounting();
    this.#afterNeverSent = 0;
    this.#answers.restart(this.#sent());
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
    const sequence = this.#accounting.add(intendedAt, now, Number.NaN);
    this.#recorder.counts.bytesSent += this.#settings.size;
    this.#accounting.notes?.noteSent(sequence, this.#settings.size);
  }

  /**
   * Writes the packet that was added `back` packets before the next one into `bytes` at `at`, just before it is passed to
   * the kernel at `now` (monotonic ms), with this as its send time. Packets that are passed in one call get different send
   * times before the call, but none before it was added or that of the packet before it: a send time identifies its packet.
   * Returns false, and writes nothing, if it is a packet of the session before.
   */
  stamp(bytes: Uint8Array, at: number, back: number, now: number): boolean {
    const { packets } = this.#accounting;
    const sequence = packets.next - back;
    // After a restart the packet belongs to the session before, and has been written.
    if (sequence < packets.first) return false;
    const afterPrevious = sequence === packets.first ? 0 : packets.sentTimeOf(sequence - 1) + SPACING_MS;
    const sentAt = Math.max(packets.sentTimeOf(sequence), now - (back - 1) * SPACING_MS, afterPrevious);
    const wall = this.#clock.wallAt(sentAt);
    this.#recorder.oneWay.sender.observe(sentAt, wall);
    packets.updateSentAt(sequence, sentAt, wall);
    writeTestPacket(bytes, { sequence, sentAt: wall, ssid: this.#ssid }, at);
    return true;
  }

  /** Records the hand-over to the kernel of the packet that was added `back` packets before the next one. */
  handedOver(back: number): void {
    const { packets } = this.#accounting;
    const sequence = packets.next - back;
    if (sequence < packets.first) return;
    const error = this.#recorder.handOver.record(packets.intendedTimeOf(sequence), packets.sentTimeOf(sequence));
    this.#accounting.handedOver(sequence, error);
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
    this.#answers.expire(now);
    return this.#accounting.expire(now);
  }

  /** Counts all pending packets as lost, because the connection is closed; returns how many. */
  expireAll(): number {
    return this.#accounting.expireAll();
  }

  /** Classifies an answer that arrived at `now` (monotonic ms): `length` octets of `bytes` from `at`. */
  receive(bytes: Buffer, now: number, at = 0, length = bytes.length): void {
    this.#answers.receive(bytes, now, at, length);
  }
}
