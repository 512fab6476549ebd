/** The exit of one direction of a TCP connection: passes octets to the kernel, and keeps those that it does not accept. */
import type { Budget } from "../../base/bounded.ts";
import type { Clock } from "../../base/clock.ts";
import { Octets } from "../../base/octets.ts";
import type { DirectionCounts } from "../counts.ts";
import type { LinkShare } from "./receive-limit.ts";

/** One side of a connection. */
export interface StreamEnd {
  /** Passes octets to the kernel; returns how many it accepted, less than 0 if the peer has gone. */
  write(bytes: Buffer, at: number, length: number): number;
  /** Sends a FIN. */
  finish(): void;
  pause(): void;
  resume(): void;
  /** Limits what the kernel receives ahead to what fits into a share of a link; undefined without a rate. */
  limitReceiving(share: LinkShare | undefined): void;
  /** Octets that one reading can have because of that limit; 0 without a rate. */
  readonly readBytes: number;
}

/** Most parts whose times are kept; the octets of further ones count as those of the last. */
const MOST_MARKS = 256;

/** A part of the stream. */
interface Mark {
  /** Offset in the stream behind it. */
  end: number;
  /** When it came, monotonic ms. */
  readonly enteredAt: number;
}

/** Octets on their way to the kernel, in order. */
export class StreamExit {
  readonly #unsent: Octets;
  /** The parts of which the kernel has not accepted all octets. */
  readonly #marks: Mark[] = [];
  /** Octets that came here, and those that the kernel accepted. */
  #entered = 0;
  #written = 0;

  constructor(
    private readonly sink: StreamEnd,
    private readonly counts: DirectionCounts,
    private readonly clock: Clock,
    budget: Budget,
  ) {
    this.#unsent = new Octets(budget);
  }

  /** Octets that the kernel has not accepted. */
  get waiting(): number {
    return this.#unsent.length;
  }

  /** Octets that the kernel accepted. */
  get written(): number {
    return this.#written;
  }

  /** Passes on a part that came at `enteredAt`; returns false if there is no memory for what the kernel does not accept. */
  write(data: Buffer, enteredAt: number): boolean {
    const { length } = data;
    this.#entered += length;
    const accepted = this.#unsent.length > 0 ? 0 : Math.max(0, this.sink.write(data, 0, length));
    this.#written += accepted;
    if (accepted === length) {
      this.counts.written(length, this.clock.now() - enteredAt);
      return true;
    }
    if (accepted > 0) this.counts.written(accepted, undefined);
    this.#mark(enteredAt);
    return this.#unsent.append(data, accepted, length - accepted);
  }

  #mark(enteredAt: number): void {
    const last = this.#marks.at(-1);
    if (last && this.#marks.length >= MOST_MARKS) last.end = this.#entered;
    else this.#marks.push({ end: this.#entered, enteredAt });
  }

  /** The kernel accepts more octets. */
  drain(): void {
    if (this.#unsent.length === 0) return;
    this.#unsent.drain((bytes, at, length) => {
      const accepted = Math.max(0, this.sink.write(bytes, at, length));
      this.#written += accepted;
      this.counts.written(accepted, undefined);
      return accepted;
    });
    const now = this.clock.now();
    for (let mark = this.#marks[0]; mark && mark.end <= this.#written; mark = this.#marks[0]) {
      this.counts.written(0, now - mark.enteredAt);
      this.#marks.shift();
    }
  }

  /** Discards what the kernel has not accepted. */
  clear(): void {
    this.#unsent.clear();
    this.#marks.length = 0;
  }
}
