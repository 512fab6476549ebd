/** The packets of a serial client: numbered when they are sent, and counted by their outcome. */
import { PacketAccounting } from "../../measure/accounting.ts";
import { slotsFor } from "../../measure/packets/sent-packets.ts";
import type { Recorder } from "../../measure/recorder.ts";
import type { ClientSettings } from "../client.ts";
import type { Outcome } from "./connection.ts";

/** Counts the packets of a run, or of its warm-up, in the recorder. */
export class SerialPackets {
  readonly #settings: ClientSettings;
  #recorder: Recorder;
  #accounting: PacketAccounting;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#recorder = settings.recorder;
    this.#accounting = this.#newAccounting();
  }

  #newAccounting(): PacketAccounting {
    const { highestRate, timeoutMs, waitMs } = this.#settings;
    return new PacketAccounting(this.#recorder, {
      slots: slotsFor(highestRate, waitMs, this.#recorder.log !== undefined),
      timeoutMs,
      waitMs,
      ordered: false,
    });
  }

  /** The recorder of the packets that are sent from now on. */
  get recorder(): Recorder {
    return this.#recorder;
  }

  /** Whether the accounting can hold another packet. */
  get hasCapacity(): boolean {
    return this.#accounting.hasCapacity;
  }

  /** Adds a packet; returns its sequence number. */
  add(intendedAt: number, now: number): number {
    return this.#accounting.add(intendedAt, now, this.#settings.clock.wallAt(now));
  }

  /** Records when a packet, by default the one added last, was handed over, or the opening of its connection began. */
  handedOver(intendedAt: number, sentAt: number, sequence = this.#accounting.packets.next - 1): void {
    const error = this.#recorder.handOver.record(intendedAt, sentAt);
    this.#accounting.handedOver(sequence, error);
  }

  /**
   * Whether a packet is kept: while a connection was opened, a restart may have ended its session, or a later packet
   * taken its slot.
   */
  #keeps(recorder: Recorder, sequence: number): boolean {
    return recorder === this.#recorder && this.#accounting.packets.holds(sequence);
  }

  /**
   * The packet is about to be sent, later than it was added.
   * @param isIntended whether it is intended for then: there is no schedule
   */
  updateSentAt(recorder: Recorder, sequence: number, sentAt: number, isIntended = false): void {
    if (!this.#keeps(recorder, sequence)) return;
    if (isIntended) this.#accounting.packets.updateIntendedAt(sequence, sentAt);
    this.#accounting.packets.updateSentAt(sequence, sentAt, this.#settings.clock.wallAt(sentAt));
  }

  /** The packet was sent. */
  countSent(recorder: Recorder, sequence: number, octets: number): void {
    recorder.counts.bytesSent += octets;
    if (this.#keeps(recorder, sequence)) this.#accounting.notes?.noteSent(sequence, octets);
  }

  /** Counts the outcome of a packet that was added since the last restart. */
  count(sequence: number, outcome: Outcome, now: number, octets: number): void {
    const { serverMs, status, code, direction } = outcome;
    const recorder = this.#recorder;
    if (status !== undefined) recorder.countStatus(status);
    const error = code === undefined ? undefined : recorder.countPacketError(code);
    const event =
      outcome.kind === "answered" ? this.#answer(sequence, outcome, now) : this.#resolve(sequence, outcome, now);
    this.#accounting.notes?.noteOutcome(sequence, now, { octets, status, serverMs, direction, error }, event);
  }

  /** Counts octets that arrived and are no answer to a packet that waits for one: a copy of an earlier answer, or ignored. */
  countFurther(fate: "duplicate" | "ignored", octets: number): void {
    const { counts } = this.#recorder;
    counts.bytesReceived += octets;
    if (fate === "duplicate") counts.duplicate++;
    this.#accounting.notes?.noteOther(fate, octets);
  }

  /** Counts an answer; returns what it counts as if it is not the first one to its packet. */
  #answer(sequence: number, { serverMs }: Outcome, now: number): "duplicate" | "unknown-answer" | undefined {
    const reception = this.#accounting.answer(sequence, now);
    if (reception === "answered" && serverMs !== undefined) this.#recorder.server.record(serverMs);
    if (reception === "duplicate") return "duplicate";
    if (reception !== "unknown") return undefined;
    this.#recorder.counts.unknownAnswers++;
    return "unknown-answer";
  }

  /** Counts an outcome other than an answer; returns what it counts as if its packet has a final outcome already. */
  #resolve(sequence: number, { kind, direction, status }: Outcome, now: number): "ignored" | undefined {
    if (kind === "refused") {
      this.#accounting.refuse(sequence);
      return undefined;
    }
    if (kind === "dropped") this.#recorder.counts[direction === "up" ? "reportedUp" : "reportedDown"]++;
    // Also for a packet that is lost already because its timeout has passed: its direction is known from now on.
    const fate = kind === "failed" || kind === "corrupt" ? kind : "lost";
    if (!this.#accounting.resolve(sequence, fate)) return "ignored";
    // A status is an answer, and its time that of an answer.
    if (fate === "failed" && status !== undefined) {
      this.#recorder.failed.record(now - this.#accounting.packets.intendedTimeOf(sequence));
    }
    return undefined;
  }

  /** Counts packets whose timeout has passed as lost. */
  expire(now: number): void {
    this.#accounting.expire(now);
  }

  /** Counts the packets from now on in another recorder. */
  restart(recorder: Recorder): void {
    this.#recorder = recorder;
    this.#accounting.close();
    this.#accounting = this.#newAccounting();
  }
}
