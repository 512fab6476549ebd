/** Lengths of runs of equal fates: loss bursts, and the gaps between them. Fixed memory. */

/** Lengths are counted in classes 1, 2, 3 to 4, 5 to 8 and so on up to 2^31. */
const CLASSES = 32;

function classOf(length: number): number {
  return 32 - Math.clz32(length - 1);
}

/** Lengths of runs of equal fates, in packets. */
export class RunLengths {
  readonly #classes = new Float64Array(CLASSES + 1);
  #count = 0;
  #packets = 0;
  #longest = 0;
  #squares = 0;

  /** Counts a complete run of `length` packets. */
  add(length: number): void {
    this.#count++;
    this.#grow(0, length);
    this.#move(classOf(length), 1);
  }

  /** Counts a run in progress that has grown by one packet to `length`. */
  extend(length: number): void {
    this.#grow(length - 1, length);
    const now = classOf(length);
    if (length === 1) this.#count++;
    else if (classOf(length - 1) === now) return;
    else this.#move(now - 1, -1);
    this.#move(now, 1);
  }

  #grow(from: number, to: number): void {
    this.#packets += to - from;
    if (to > this.#longest) this.#longest = to;
    this.#squares += to ** 2 - from ** 2;
  }

  #move(index: number, by: number): void {
    this.#classes[index] = (this.#classes[index] ?? 0) + by;
  }

  /** Number of runs. */
  get count(): number {
    return this.#count;
  }

  /** The mean length in packets; undefined without a run, as is the longest. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#packets / this.#count;
  }

  /** The longest run, in packets. */
  get longest(): number | undefined {
    return this.#count === 0 ? undefined : this.#longest;
  }

  /** Mean squared length over mean length; 0 without a run. */
  get concentration(): number {
    return this.#packets === 0 ? 0 : this.#squares / this.#packets;
  }

  /**
   * The effective number of runs by their length less 1: the number of runs if all have the same length, 1 when one is
   * much longer than all others, 0 when all have one packet. Any number of single packets does not change it.
   */
  get dominantRuns(): number {
    const excess = this.#packets - this.#count;
    return excess === 0 ? 0 : excess ** 2 / (this.#squares - 2 * this.#packets + this.#count);
  }

  /** The classes that contain a run, from the shortest, by their greatest length. */
  get lengths(): { readonly upTo: number; readonly count: number }[] {
    return Array.from(this.#classes, (count, index) => ({ upTo: 2 ** index, count })).filter(({ count }) => count > 0);
  }
}
