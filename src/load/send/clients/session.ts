/**
 * One STAMP session as its sender sees it, without the socket: writes the test packets of RFC 8762 section 4.2 and
 * judges what comes back. Answers are a reflector's packets or, from an echo, our own packets unchanged.
 */
import type { Clock } from "../../../base/clock.ts";
import { random } from "../../../base/random.ts";
import {
  isTestPacket,
  readTimestamp,
  STAMP_LENGTH,
  senderSequenceOf,
  sequenceOf,
  ssidOf,
  UNSYNCHRONIZED_MILLISECOND,
  writeTestPacket,
  writeTimestamp,
} from "../../../stamp/packet.ts";
import { PacketAccounting, type Reception } from "../../measure/accounting.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { slotsFor } from "../../measure/sent-packets.ts";

/** A reflector holds a packet no longer than the round trip took, but for the two clocks' rates and resolution. */
const RESIDENCE_SLACK_MS = 1000;

/** Where T1 stands in a test packet (RFC 8762 section 4.2.1). */
const TIMESTAMP_AT = 4;
const ZEROS = Buffer.alloc(STAMP_LENGTH - 38);

/** What a session needs to know. */
export interface SessionSettings {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly size: number;
  readonly timeoutMs: number;
  /** The highest rate of this one session, packets a second. */
  readonly highestRate: number;
  readonly ssid: number;
  readonly lab: boolean;
  readonly seed: number;
}

/** The octets behind the STAMP fields: noise from the seed, so that no link can compress it. */
export function makePadding(size: number, seed: number): Buffer {
  const packet = Buffer.alloc(size);
  const draw = random(seed, "padding");
  for (let at = STAMP_LENGTH; at < size; at++) packet[at] = draw() * 256;
  return packet;
}

/** A session's packets, without a socket. */
export class SenderSession {
  readonly #clock: Clock;
  readonly #settings: SessionSettings;
  readonly #padding: Buffer;
  readonly #echoed = Buffer.alloc(8);
  #recorder: Recorder;
  #ssid: number;
  /** The id before the last restart: answers to the warm-up still come, and are nobody's error. */
  #formerSsid: number | undefined;
  #accounting: PacketAccounting;
  /** The reflector's highest number, the packet that it answered with it, and how many different ones came. */
  #reflected = -1;
  #reflectedFor = 0;
  #seen = 0;

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.#clock = settings.clock;
    this.#padding = makePadding(settings.size, settings.seed);
    this.#recorder = settings.recorder;
    this.#ssid = settings.ssid;
    this.#accounting = this.#newAccounting();
  }

  /**
   * RFC 8762 numbers from 0. Where the target is not known to count for itself, the numbers start at 1: a stateful
   * reflector answers the first packet with its own 0, a stateless one repeats the 1, and the two can be told apart.
   */
  #newAccounting(): PacketAccounting {
    const { highestRate, timeoutMs, lab } = this.#settings;
    return new PacketAccounting(this.#recorder, {
      slots: slotsFor(highestRate, timeoutMs),
      timeoutMs,
      first: lab ? 0 : 1,
    });
  }

  /** How many packets wait for their answer. */
  get pending(): number {
    return this.#accounting.pending;
  }

  /** Whether another packet can be remembered. */
  get hasRoom(): boolean {
    return this.#accounting.hasCapacity;
  }

  /** Adds what the reflector's numbers tell of this session to the run's record; once, when it is over. */
  closeBooks(): void {
    const { reflector } = this.#recorder;
    reflector.reflected += this.#reflected + 1;
    reflector.arrived += this.#seen;
    if (this.#reflected >= 0) reflector.lostBefore += this.#accounting.lostUpTo(this.#reflectedFor);
    this.#reflected = -1;
    this.#seen = 0;
  }

  /** A new session: earlier packets are forgotten, and answers to them are none of this one's. */
  restart(recorder: Recorder, ssid: number): void {
    this.closeBooks();
    this.#recorder = recorder;
    this.#formerSsid = this.#ssid;
    this.#ssid = ssid;
    this.#accounting = this.#newAccounting();
  }

  /** A packet's worth of padding to write test packets over. */
  newPacket(): Buffer {
    return Buffer.from(this.#padding);
  }

  /** Writes the next test packet into `bytes` at `at`, where a packet of this session's size fits, and opens its entry. */
  write(bytes: Uint8Array, at: number, planned: number, now: number): void {
    const wall = this.#clock.wallAt(now);
    const sequence = this.#accounting.add(planned, now, wall);
    writeTestPacket(bytes, { sequence, sentAt: wall, ssid: this.#ssid }, at);
    this.#recorder.counts.bytesSent += this.#settings.size;
  }

  /**
   * The packet written last, at `at`, goes to the kernel now: its moment of sending is this one. At low rates the code
   * between writing and sending is not warm, and takes as long as the packet's whole way to a near target.
   */
  stampLast(bytes: Uint8Array, at: number): void {
    const now = this.#clock.now();
    const wall = this.#clock.wallAt(now);
    writeTimestamp(bytes, at + TIMESTAMP_AT, wall);
    this.#accounting.packets.updateSentAt(this.#accounting.packets.next - 1, now, wall);
  }

  /** A packet that no connection took: lost as one that the wire took. Only while nothing waits for its answer. */
  miss(planned: number, now: number): void {
    this.#accounting.add(planned, now, this.#clock.wallAt(now));
    this.#accounting.expireAll();
  }

  /** Settles what has timed out. */
  expire(now: number): number {
    return this.#accounting.expire(now);
  }

  /** The connection is gone: what waits is lost. */
  abandon(): number {
    return this.#accounting.expireAll();
  }

  /** Judges one answer that came at `now`, monotonic ms: `length` octets of `bytes` from `at` on. */
  receive(bytes: Buffer, now: number, at = 0, length = bytes.length): void {
    this.#recorder.counts.bytesReceived += length;
    if (length < STAMP_LENGTH) this.#recorder.counts.unidentified++;
    else if (isTestPacket(bytes, at, length)) this.#receiveEcho(bytes, now, at, length);
    else this.#receiveReflected(bytes, now, at, length);
  }

  #receiveEcho(bytes: Buffer, now: number, at: number, length: number): void {
    if (ssidOf(bytes, at) !== this.#ssid && ssidOf(bytes, at) !== 0) return;
    const onWire = sequenceOf(bytes, at);
    const sentAt = readTimestamp(bytes, at + TIMESTAMP_AT);
    const sequence = this.#accounting.packets.find(onWire);
    if (sequence < 0 || !this.#accounting.packets.wasSentAt(sequence, sentAt)) {
      this.#damaged(bytes, at, length, { onWire, sentAt });
      return;
    }
    this.#accounting.answer(sequence, now);
  }

  #receiveReflected(bytes: Buffer, now: number, at: number, length: number): void {
    const onWire = senderSequenceOf(bytes, at);
    const sentAt = readTimestamp(bytes, at + 28);
    const sequence = this.#accounting.packets.find(onWire);
    if (sequence < 0 || !this.#accounting.packets.wasSentAt(sequence, sentAt)) {
      this.#damaged(bytes, at, length, { onWire, sentAt });
      return;
    }
    const wall = this.#clock.wallAt(now);
    const receivedAt = readTimestamp(bytes, at + 16);
    const reflectedAt = readTimestamp(bytes, at + 4);
    if (
      !this.#sound(bytes, at, length) ||
      !this.#isExact(bytes, at, sequence) ||
      Math.abs(reflectedAt - receivedAt) > wall - sentAt + RESIDENCE_SLACK_MS
    ) {
      this.#spoil(sequence);
      return;
    }
    const reception = this.#readReflector(sequence, now, sequenceOf(bytes, at), onWire);
    if (reception === "answered") this.#recorder.recordExchange(sentAt, receivedAt, reflectedAt, wall);
  }

  /** Takes in the reflector's own number, `reflected`, of its answer to the packet that is `onWire` on the wire. */
  #readReflector(sequence: number, now: number, reflected: number, onWire: number): Reception {
    const { counts } = this.#recorder;
    if (reflected !== onWire) this.#recorder.statefulAnswers++;
    if (reflected > this.#reflected) {
      this.#reflected = reflected;
      this.#reflectedFor = sequence;
    }
    const twice = counts.duplicateUp;
    const reception = this.#accounting.answer(sequence, now, reflected);
    // A duplicate with a number of its own is another answer; one with the same number is a copy made on the way down.
    if (reception !== "duplicate" || counts.duplicateUp > twice) this.#seen++;
    return reception;
  }

  /** Whether what a reflector has to repeat came back as it was sent (RFC 8762 section 4.3.1, RFC 8972 section 3). */
  #sound(bytes: Buffer, at: number, length: number): boolean {
    const ssid = ssidOf(bytes, at);
    if (((bytes[at + 36] ?? 0) << 8) + (bytes[at + 37] ?? 0) !== UNSYNCHRONIZED_MILLISECOND) return false;
    if (!this.#settings.lab) return ssid === this.#ssid || ssid === 0;
    // A foreign reflector may pad as it likes; the lab gives back the very octets that it got.
    if (ssid !== this.#ssid || length !== this.#settings.size) return false;
    return length === STAMP_LENGTH || this.#padding.compare(bytes, at + STAMP_LENGTH, at + length, STAMP_LENGTH) === 0;
  }

  /** Whether the lab gave the sender's moment back to the last bit, and zeros behind it: it cannot know the TTL. */
  #isExact(bytes: Buffer, at: number, sequence: number): boolean {
    if (!this.#settings.lab) return true;
    writeTimestamp(this.#echoed, 0, this.#accounting.packets.wallTimeOf(sequence));
    return (
      this.#echoed.compare(bytes, at + 28, at + 36) === 0 && ZEROS.compare(bytes, at + 38, at + STAMP_LENGTH) === 0
    );
  }

  /** An answer that fits no packet: by its moment of sending, or by its number, it may still name one. */
  #damaged(bytes: Buffer, at: number, length: number, echoed: { onWire: number; sentAt: number }): void {
    const { onWire, sentAt } = echoed;
    const ours = ssidOf(bytes, at) === this.#ssid;
    const candidates = [
      this.#accounting.packets.findBySendTime(sentAt, onWire),
      ours ? this.#accounting.packets.find(onWire) : -1,
    ];
    // One flipped bit can turn a moment into another packet's: the packet that takes fewer flips is the one.
    const apart = (sequence: number) => this.#accounting.packets.bitDifference(sequence, sentAt, onWire);
    const [sequence] = candidates.filter((candidate) => candidate >= 0).sort((a, b) => apart(a) - apart(b));
    if (sequence !== undefined) this.#spoil(sequence);
    else if (ssidOf(bytes, at) === this.#formerSsid) return;
    else if (this.#sound(bytes, at, length)) this.#recorder.counts.unknownAnswers++;
    else this.#recorder.counts.unidentified++;
  }

  /** A damaged answer settles its packet, unless another copy already did. */
  #spoil(sequence: number): void {
    if (!this.#accounting.resolve(sequence, "corrupt")) this.#recorder.counts.duplicate++;
  }
}
