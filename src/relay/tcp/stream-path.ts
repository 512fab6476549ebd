/** One direction of a TCP connection through a relay: what its faults do to the octets, and where they went. */
import type { Budget } from "../../base/bounded.ts";
import type { Clock } from "../../base/clock.ts";
import type { TurnLimit } from "../../base/turns.ts";
import { cleanFate, type DirectionChance, decideDirection } from "../../faults/decide.ts";
import type { DelayQueue } from "../../faults/delay-queue.ts";
import { type LinkFaults, NO_LINK_FAULTS } from "../../faults/link-faults.ts";
import type { PacketFaults } from "../../faults/packet-faults.ts";
import type { DirectionCounts, LossReason } from "../counts.ts";
import type { StreamGate } from "./connection-faults.ts";
import type { SharedLink } from "./shared-link.ts";
import { SourcePause } from "./source-pause.ts";
import { type DelayEnd, StreamDelay } from "./stream-delay.ts";
import { StreamEntry } from "./stream-entry.ts";
import { type StreamEnd, StreamExit } from "./stream-exit.ts";

/** The faults of one direction, for all connections of a relay or for one. */
export interface StreamFaults {
  readonly faults: LinkFaults;
  /** The delay in `faults`. */
  readonly packetFaults: PacketFaults;
  readonly chance: DirectionChance;
  /** Of one connection, in place of the link that all share. */
  readonly link?: SharedLink | undefined;
  /** Of one connection, in place of the fault `limit`. */
  readonly gate?: StreamGate | undefined;
}

/** How a direction ends, behind what waits: with a FIN, at the fault `limit`, or with a RST. */
export type StreamEnding = "fin" | "limit" | "reset";

/** What a path tells its connection. */
export interface StreamEvents {
  /** The last octets have been passed on, and the FIN; a RST is for the connection to send. */
  onEnded(ending: StreamEnding): void;
  /** There is no memory for octets that have to wait. */
  onOverflow(): void;
  /** A call of a timer threw. */
  onFailed(error: unknown): void;
}

/** What the paths of a relay share. */
export interface StreamParts {
  readonly counts: DirectionCounts;
  readonly clock: Clock;
  readonly delayQueue: DelayQueue;
  /** Of parts that leave the delay, and of their segments, on all paths. */
  readonly turn: TurnLimit;
  /** The link with the rate of the direction. */
  readonly link: SharedLink;
  /** Octets that the kernel has not accepted. */
  readonly unsent: Budget;
  /** Octets that wait before the source is paused. */
  readonly waitingBytes: number;
}

const NO_OCTETS = Buffer.alloc(0);

/**
 * One direction of one connection. Parts pass the stall and the rate, then the delay, then the slices, then the exit. Their order
 * is that in which they came; the end is a part of its own, behind all others.
 */
export class StreamPath implements DelayEnd {
  readonly #exit: StreamExit;
  readonly #fate = cleanFate().up;
  readonly #entry: StreamEntry;
  readonly #delay: StreamDelay;
  readonly #pause: SourcePause;
  /** Octets accepted from the source. */
  #accepted = 0;
  /** How the stream ends, once that is known. */
  #ending: StreamEnding | undefined;
  /** The end has passed everything but the exit, and then what slow-close adds. */
  #hasEndPassed = false;
  #isFinishing = false;
  #isFinished = false;
  /** Sends the end that slow-close delays. */
  #lateEnd: Timer | undefined;
  /** Why nothing passes any more. */
  #closedBy: LossReason | undefined;

  constructor(
    private readonly parts: StreamParts,
    source: StreamEnd,
    private readonly sink: StreamEnd,
    private readonly events: StreamEvents,
    private current: StreamFaults,
  ) {
    this.#exit = new StreamExit(sink, parts.counts, parts.clock, parts.unsent);
    this.#delay = new StreamDelay(parts.delayQueue, parts.clock, this, parts.turn);
    const onTaken = () => this.#leave(parts.clock.now());
    this.#entry = new StreamEntry(this.#delay, () => this.#link, onTaken, parts.counts.queued);
    const { waitingBytes, delayQueue } = parts;
    const stages = { entry: this.#entry, delay: this.#delay, exit: this.#exit, link: () => this.#link };
    this.#pause = new SourcePause(source, stages, delayQueue, waitingBytes);
    this.#pause.limitReceiving();
  }

  /** Octets in the relay. */
  get waiting(): number {
    return this.#closedBy === undefined ? this.#accepted - this.#exit.written : 0;
  }

  /** Octets passed to the kernel. */
  get bytesOut(): number {
    return this.#exit.written;
  }

  /** Whether the source is paused, because too much waits. */
  get isPaused(): boolean {
    return this.#pause.isPaused;
  }

  /** Whether nothing passes any more. */
  get isDone(): boolean {
    return this.#closedBy !== undefined || this.#isFinished;
  }

  /** Sets the faults of octets that come from now on. What waits keeps its delay; slices and the rate change for it too. */
  setFaults(current: StreamFaults): void {
    const { gate } = this.current;
    this.current = current;
    if (gate !== undefined && gate !== current.gate) {
      gate.removed();
      gate[Symbol.dispose]();
    }
    this.#pause.limitReceiving();
    this.#leave(this.parts.clock.now());
  }

  /** Passes on what is delayed or waits for its slice, and a delayed end. */
  release(): void {
    const now = this.parts.clock.now();
    this.#entry.release();
    this.#delay.release(now);
    this.#leave(now);
    if (this.#isFinishing) this.#sendEnd();
  }

  /** With `true`, nothing passes until the stall ends, nor does the end; what passed the stall before arrives. */
  stall(isStalled: boolean): void {
    if (this.#entry.isStalled === isStalled) return;
    const now = this.parts.clock.now();
    this.#entry.stall(isStalled, now);
    this.#leave(now);
  }

  /** Octets of the source; the chunk belongs to the path from now on. */
  data(chunk: Buffer): void {
    const { counts, clock } = this.parts;
    const now = clock.now();
    counts.read(chunk.length);
    if (this.#closedBy !== undefined || this.#ending !== undefined) {
      counts.discard(chunk.length, this.#closedBy ?? (this.#ending === "limit" ? "limit" : "peer-gone"));
    } else if (this.#isClean && this.#entry.length + this.#delay.length === 0) {
      this.#accepted += chunk.length;
      if (!this.#exit.write(chunk, now)) this.events.onOverflow();
      else if (this.isPaused || this.#exit.waiting > 0) this.#update();
    } else this.#impair(chunk, now);
  }

  /** Whether octets pass without faults. */
  get #isClean(): boolean {
    return this.current.faults === NO_LINK_FAULTS && this.current.gate === undefined;
  }

  #impair(chunk: Buffer, now: number): void {
    const { faults, gate } = this.current;
    const rest = Math.max(0, (faults.limit ?? Number.POSITIVE_INFINITY) - this.#accepted);
    const length = gate ? gate.admit(chunk.length) : Math.min(rest, chunk.length);
    if (length < chunk.length) this.parts.counts.discard(chunk.length - length, gate?.reason ?? "limit");
    if (this.isDone) return; // the gate has ended the connection
    this.#accepted += length;
    if (length > 0) this.#add(length < chunk.length ? chunk.subarray(0, length) : chunk, now);
    const isLimit = gate === undefined && rest <= chunk.length;
    if (isLimit) this.parts.counts.effects.add("limit");
    if (isLimit || gate?.isOver) this.#end("limit");
    else this.#leave(now);
  }

  /** The source has sent a FIN: it follows what waits. */
  end(): void {
    if (this.#ending === undefined && this.current.gate?.admitEnd() !== false) this.#end("fin");
  }

  /** The source has reset the connection: that follows what waits. Octets that stall are lost, as those that it could not send are. */
  abort(): void {
    if (this.#entry.isStalled) this.#loseEntry();
    if (this.isDone) this.events.onEnded("reset");
    else if (this.#ending === undefined) this.#end("reset");
    else if (this.#ending === "fin") this.#ending = "reset";
  }

  #loseEntry(): void {
    const lost = this.#entry.loseOctets();
    this.#accepted -= lost;
    if (lost > 0) this.parts.counts.discard(lost, "stall");
    this.#update();
  }

  #end(ending: StreamEnding): void {
    if (this.isDone) return;
    this.#ending = ending;
    const now = this.parts.clock.now();
    this.#add(NO_OCTETS, now);
    this.#leave(now);
  }

  /** Adds a part at the start of the path. */
  #add(data: Buffer, now: number): void {
    const { packetFaults, chance } = this.current;
    decideDirection(packetFaults, chance, this.#fate);
    const { delayMs } = this.#fate;
    if (delayMs > 0 && data.length > 0) this.parts.counts.effects.add("delay");
    this.#entry.add({ data, enteredAt: now, delayMs }, now);
  }

  get #link(): SharedLink {
    return this.current.link ?? this.parts.link;
  }

  #leave(now: number): void {
    this.#delay.leave(now, this.current.faults.slice, this.current.chance);
    this.#update();
  }

  /** Octets leave the delay. */
  pass(data: Buffer, enteredAt: number): void {
    if (!this.#exit.write(data, enteredAt)) this.events.onOverflow();
  }

  /** The end leaves the delay. */
  passEnd(): void {
    this.#hasEndPassed = true;
  }

  /** Parts in the delay are due. */
  due(now: number): void {
    this.#guard(() => this.#leave(now));
  }

  /** The delay has no room. */
  overflow(): void {
    this.events.onOverflow();
  }

  /** Nothing that a timer calls ends the process. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.events.onFailed(error);
    }
  }

  /** The kernel accepts more octets. */
  drain(): void {
    if (this.#closedBy !== undefined) return;
    this.#exit.drain();
    this.#update();
  }

  /** Pauses or resumes the source, and ends the stream when nothing waits before its end. */
  #update(): void {
    if (this.isDone) return;
    if (!this.#pause.reserve()) {
      this.events.onOverflow();
      return;
    }
    this.#pause.update();
    if (this.#hasEndPassed && this.#exit.waiting === 0) this.#finish();
  }

  #finish(): void {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    const { slowClose } = this.current.faults;
    if (slowClose === undefined) this.#sendEnd();
    // No entry of the delay queue: those of paths that are closed would stay there for the whole time, which can be days.
    else this.#lateEnd = setTimeout(() => this.#guard(() => this.#sendEnd()), slowClose);
  }

  #sendEnd(): void {
    clearTimeout(this.#lateEnd);
    if (this.isDone) return;
    const ending = this.#ending ?? "fin";
    if (ending !== "reset") {
      this.#isFinished = true;
      this.sink.finish();
    }
    this.events.onEnded(ending);
  }

  /** The connection ends: what waits is lost. */
  close(reason: LossReason): void {
    if (this.#closedBy !== undefined) return;
    const { waiting } = this;
    this.#closedBy = reason;
    if (waiting > 0) this.parts.counts.discard(waiting, reason);
    this.current.gate?.[Symbol.dispose]();
    clearTimeout(this.#lateEnd);
    this.#exit.clear();
    this.#entry.clear();
    this.#delay.clear();
    this.#pause.release();
  }
}
