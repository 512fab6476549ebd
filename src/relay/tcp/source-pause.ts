/** Pauses the source of one direction of a TCP connection while too much of it waits, and reserves the memory of what waits. */
import type { DelayQueue } from "../../faults/delay-queue.ts";
import type { SharedLink } from "./shared-link.ts";
import type { StreamDelay } from "./stream-delay.ts";
import type { StreamEntry } from "./stream-entry.ts";
import type { StreamEnd, StreamExit } from "./stream-exit.ts";

/** Memory of a part besides its octets. */
const PART_BYTES = 128;

/** Where octets of one direction wait. */
export interface StreamStages {
  readonly entry: StreamEntry;
  readonly delay: StreamDelay;
  readonly exit: StreamExit;
  /** The link with the rate: that of the connection, or the one that all share. */
  readonly link: () => SharedLink;
}

/** The source of one direction. */
export class SourcePause {
  /** What the parts have of the budget of delayed octets. */
  #reserved = 0;
  #isPaused = false;

  constructor(
    private readonly source: StreamEnd,
    private readonly stages: StreamStages,
    private readonly delayQueue: DelayQueue,
    /** Octets that wait before the source is paused. */
    private readonly waitingBytes: number,
  ) {}

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Pauses or resumes the source. */
  update(): void {
    const isFull = this.#isFull();
    if (isFull && !this.#isPaused) {
      this.source.pause();
      this.limitReceiving(); // others have joined the link, or left it
    } else if (!isFull && this.#isPaused) this.source.resume();
    this.#isPaused = isFull;
  }

  /** Limits what the kernel receives ahead to the share of the link. */
  limitReceiving(): void {
    this.source.limitReceiving(this.stages.link().share);
  }

  #isFull(): boolean {
    const { entry, delay, exit, link } = this.stages;
    const { octets } = this.delayQueue;
    if (exit.waiting > 0) return true;
    if (entry.bytes + delay.bytes === 0) return false;
    const isCrowded = octets.size > octets.limit / 2; // all paths together
    if (isCrowded || entry.isStalled || this.#reserved > this.waitingBytes) return true;
    return link().isFull(entry.bytes, this.source.readBytes);
  }

  /** Adapts what this path has of the budget to what waits; returns false if there is no room. */
  reserve(): boolean {
    const { entry, delay } = this.stages;
    const needed = entry.bytes + delay.bytes + (entry.length + delay.length) * PART_BYTES;
    const { octets } = this.delayQueue;
    if (needed <= this.#reserved) octets.release(this.#reserved - needed);
    else if (!octets.reserve(needed - this.#reserved)) return false;
    this.#reserved = needed;
    return true;
  }

  /** Nothing waits any more. */
  release(): void {
    this.delayQueue.octets.release(this.#reserved);
    this.#reserved = 0;
  }
}
