/** The delay of one direction of a TCP connection, and the slices in which octets leave it. */
import type { Clock } from "../../base/clock.ts";
import type { TurnLimit } from "../../base/turns.ts";
import type { DirectionChance } from "../../faults/decide.ts";
import type { DelayQueue } from "../../faults/delay-queue.ts";
import type { Slice } from "../../faults/link-faults.ts";

/** A part of the stream; one without octets is the end. */
export interface Part {
  data: Buffer;
  /** When it was read, monotonic ms. */
  readonly enteredAt: number;
  readonly delayMs: number;
}

/** A part in the delay. */
interface Delayed {
  data: Buffer;
  readonly enteredAt: number;
  /** When it leaves, monotonic ms: not before the part in front of it. */
  dueAt: number;
}

/** What follows the delay. */
export interface DelayEnd {
  /** Octets leave. */
  pass(data: Buffer, enteredAt: number): void;
  /** The end leaves, behind all octets. */
  passEnd(): void;
  /** Parts are due: `leave` is to be called. */
  due(now: number): void;
  /** The delay queue is full. */
  overflow(): void;
  /** Whether nothing passes any more. */
  readonly isDone: boolean;
}

/** Parts in the order in which they came. One call of the delay queue is outstanding at most, however many parts wait. */
export class StreamDelay {
  readonly #parts: Delayed[] = [];
  #bytes = 0;
  #lastDueAt = Number.NEGATIVE_INFINITY;
  /** When the next slice may leave. */
  #nextSliceAt = Number.NEGATIVE_INFINITY;
  /** When the delay queue calls; Infinity without a call. */
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly queue: Pick<DelayQueue, "put">,
    private readonly clock: Clock,
    private readonly end: DelayEnd,
    /** Of the parts that leave, and of their segments. */
    private readonly turn: TurnLimit,
  ) {}

  /** The parts and their octets. */
  get length(): number {
    return this.#parts.length;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds octets of a part, which come at `at`. */
  add({ enteredAt, delayMs }: Part, data: Buffer, at: number): void {
    this.#lastDueAt = Math.max(at + delayMs, this.#lastDueAt);
    this.#parts.push({ data, enteredAt, dueAt: this.#lastDueAt });
    this.#bytes += data.length;
  }

  /** Makes all parts due. */
  release(now: number): void {
    for (const part of this.#parts) part.dueAt = now;
    this.#lastDueAt = now;
    this.#nextSliceAt = Number.NEGATIVE_INFINITY;
  }

  /** Passes on what is due, as many segments as one turn allows for all paths together; the others follow in the next turns. */
  leave(now: number, slice: Slice | undefined, chance: DirectionChance): void {
    if (!slice) this.#nextSliceAt = Number.NEGATIVE_INFINITY;
    while (!this.end.isDone) {
      const [part] = this.#parts;
      if (part === undefined) return;
      const at = Math.max(part.dueAt, this.#nextSliceAt);
      if (at > now || !this.turn.take()) {
        this.#wake(at);
        return;
      }
      this.#pass(part, slice ? sliceOf(slice, chance) : part.data.length);
      if (slice) this.#nextSliceAt = now + slice.gapMs;
    }
  }

  #pass(part: Delayed, most: number): void {
    const data = part.data.length > most ? part.data.subarray(0, most) : part.data;
    if (data.length < part.data.length) part.data = part.data.subarray(data.length);
    else this.#parts.shift();
    this.#bytes -= data.length;
    if (data.length > 0) this.end.pass(data, part.enteredAt);
    else this.end.passEnd();
  }

  #wake(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    if (!this.queue.put(at, this.#onDue)) this.end.overflow();
  }

  readonly #onDue = () => {
    const now = this.clock.now();
    if (now < this.#wakeAt) return; // an earlier call has taken its place
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.end.due(now);
  };

  /** Discards all parts. */
  clear(): void {
    this.#parts.length = 0;
    this.#bytes = 0;
  }
}

function sliceOf({ bytes, variation }: Slice, chance: DirectionChance): number {
  return Math.max(1, Math.round(bytes + variation * (2 * chance.slice() - 1)));
}
