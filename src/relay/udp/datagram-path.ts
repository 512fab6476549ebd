/** One direction of a UDP relay: what its faults do to each datagram, and where it went. */
import type { Clock } from "../../base/clock.ts";
import {
  type Chance,
  cleanFate,
  copyFate,
  corrupt,
  decideDirection,
  type Fate,
  type Loss,
} from "../../faults/decide.ts";
import type { DelayQueue } from "../../faults/delay-queue.ts";
import type { Direction } from "../../faults/faults.ts";
import { type LinkFaults, NO_LINK_FAULTS, packetFaultsOf } from "../../faults/link-faults.ts";
import type { PacketFaults } from "../../faults/packet-faults.ts";
import { FaultPath, type PathEnd } from "../../faults/path.ts";
import type { DirectionCounts, LossReason } from "../counts.ts";
import { Rate } from "../rate.ts";
import { Datagram, type Exit } from "./datagram.ts";

/**
 * The part of the delay queue that one flow may use, as a multiple of what is free: alone it gets 8/9 of the queue, and there
 * is room for the datagrams of others.
 */
const QUEUE_SHARE = 8;

/** One direction. */
export class DatagramPath implements PathEnd<Datagram> {
  #faults: LinkFaults = NO_LINK_FAULTS;
  #packetFaults: PacketFaults = {};
  #chance: Chance;
  readonly #fate = cleanFate();
  readonly #rate = new Rate();
  #hasRate = false;
  /** The latest time at which a datagram was or is due. */
  #lastDueAt = 0;
  /** Datagrams in the delay queue. */
  #delayed = 0;
  readonly #current = new Datagram();
  /** Whether a fault loses the datagram that begins its way. */
  #isLost = false;
  readonly #path: FaultPath<Datagram>;

  constructor(
    private readonly direction: Direction,
    private readonly counts: DirectionCounts,
    private readonly clock: Pick<Clock, "now">,
    private readonly queue: DelayQueue,
    private readonly newChance: () => Chance,
    private readonly failed: (error: unknown) => void,
  ) {
    this.#chance = newChance();
    this.#path = new FaultPath(direction, queue, this, (kind) => {
      if (kind === "delay" && this.#isLost) return;
      if (kind === "delay" || kind === "duplicate" || kind === "reorder" || kind === "corrupt")
        counts.effects.add(kind);
    });
  }

  /** Sets the faults of datagrams from now on; those on their way keep their fates. The random streams start again. */
  setFaults(faults: LinkFaults): void {
    this.#faults = Object.keys(faults).length === 0 ? NO_LINK_FAULTS : faults;
    this.#packetFaults = packetFaultsOf(faults);
    this.#hasRate = this.#rate.set(faults, this.clock.now());
    this.#chance = this.newChance();
  }

  /** Forwards a datagram that was received at `now` (monotonic ms); `data` belongs to the relay from now on. */
  forward(data: Buffer, exit: Exit, now: number): void {
    this.counts.enter(data.length);
    const current = this.#current;
    current.set(data, exit, now);
    try {
      if (this.#faults !== NO_LINK_FAULTS) this.#impair(current, now);
      else if (exit.isOpen) this.deliver(current);
      else this.#whenOpen(current, (kept) => this.deliver(kept));
    } catch (error) {
      this.fail(current, error);
    }
    current.clear();
  }

  #impair(datagram: Datagram, now: number): void {
    const fate = this.#fate[this.direction];
    decideDirection(this.#packetFaults, this.#chance[this.direction], fate);
    if (datagram.data.length === 0) fate.corruptAt = -1; // has no bit to flip
    const sentAt = this.#sentAt(datagram.data.length, now);
    if (sentAt === undefined) {
      this.#lose(datagram, "queue-full");
      return;
    }
    const dueAt = this.#dueAt(sentAt + fate.delayMs, now);
    if ((dueAt > now || this.#isBehindOthers()) && !this.#delay(datagram)) this.#lose(datagram, "memory-limit");
    else if (datagram.exit.isOpen) this.#carry(datagram, this.#fate, dueAt);
    else {
      const own = copyFate(this.#fate);
      this.#whenOpen(datagram, (kept) => this.#carry(kept, own, dueAt));
    }
  }

  /** When the link has sent the last octet; undefined if its queue is full. */
  #sentAt(bytes: number, now: number): number | undefined {
    if (!this.#hasRate) return now;
    if (!this.#rate.accepts(bytes, now)) return undefined;
    const sentAt = this.#rate.send(bytes, now);
    this.counts.queued.observe((sentAt - now) / 1000);
    return sentAt;
  }

  #dueAt(dueAt: number, now: number): number {
    const last = this.#lastDueAt;
    this.#lastDueAt = Math.max(dueAt, last);
    return this.#faults.order === "keep" ? Math.max(dueAt, last, now) : dueAt;
  }

  /** Whether a datagram that is due must wait for those before it, whose timer can be late. */
  #isBehindOthers(): boolean {
    return this.#delayed > 0 && (this.#hasRate || this.#faults.order === "keep");
  }

  /** Counts a datagram as delayed; returns false if its flow has used its part of the queue. */
  #delay(datagram: Datagram): boolean {
    const { exit, data } = datagram;
    const { limit, size, octets } = this.queue;
    if (exit.delayed >= QUEUE_SHARE * (limit - size)) return false;
    if (exit.delayedBytes >= QUEUE_SHARE * (octets.limit - octets.size)) return false;
    datagram.isDelayed = true;
    this.#delayed++;
    exit.delayed++;
    exit.delayedBytes += data.length;
    return true;
  }

  #endDelay(datagram: Datagram): void {
    if (!datagram.isDelayed) return;
    datagram.isDelayed = false;
    this.#delayed--;
    datagram.exit.delayed--;
    datagram.exit.delayedBytes -= datagram.data.length;
  }

  #carry(datagram: Datagram, fate: Fate, dueAt: number): void {
    this.#isLost = fate[this.direction].lostBy !== undefined;
    // What counts as delayed goes through the queue, whenever it is due.
    this.#path.carry(datagram, fate, dueAt, datagram.isDelayed ? Number.NEGATIVE_INFINITY : dueAt);
  }

  /** Forwards one of the first datagrams of a flow when the flow is open. */
  #whenOpen(datagram: Datagram, forward: (kept: Datagram) => void): void {
    const kept = datagram.keep();
    const guarded = () => {
      try {
        forward(kept);
      } catch (error) {
        this.fail(kept, error);
      }
    };
    if (!datagram.exit.whenOpen(guarded)) this.#lose(datagram, "memory-limit");
  }

  #lose(datagram: Datagram, reason: LossReason): void {
    this.#endDelay(datagram);
    this.counts.lose(datagram.data.length, reason);
    datagram.exit.lost(this.direction);
  }

  prepare(datagram: Datagram, fate: Fate): void {
    this.#endDelay(datagram);
    const { corruptAt } = fate[this.direction];
    if (corruptAt >= 0) corrupt(datagram.data, corruptAt, 0, datagram.data.length);
  }

  lose(datagram: Datagram, fault: Loss): void {
    this.#lose(datagram, fault === "burst" ? "burst" : "drop");
  }

  overflow(datagram: Datagram): void {
    this.#lose(datagram, "memory-limit");
  }

  deliver(datagram: Datagram): boolean {
    const { data, exit, enteredAt } = datagram;
    const reason = exit.transmit(this.direction, data);
    if (reason === undefined) this.counts.leave(data.length, this.clock.now() - enteredAt);
    else this.#lose(datagram, reason);
    return reason === undefined;
  }

  /** An error here must not count the datagram itself, which was delivered, as lost. */
  deliverCopy({ data, exit }: Datagram): void {
    try {
      if (exit.transmit(this.direction, data) === undefined) this.counts.copy(data.length);
    } catch (error) {
      this.failed(error);
    }
  }

  fail(datagram: Datagram, error: unknown): void {
    this.failed(error);
    this.#lose(datagram, "failed");
  }
}
