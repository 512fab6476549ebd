/** A growing buffer whose memory is reserved in a budget. */
import type { Budget } from "./bounded.ts";

const LEAST_CAPACITY = 256;
const EMPTY = Buffer.alloc(0);

/**
 * Frees the memory of a buffer now, not when the garbage collector runs: thousands of connections make hundreds of
 * megabytes of garbage in one turn of the event loop. The buffer, and every view of the same memory, is empty then.
 */
export function freeMemory(bytes: Uint8Array): void {
  if (bytes.length > 0 && bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
}

/**
 * Octets in one buffer of their own: what is appended is copied, because a view would keep the whole chunk in memory in
 * which its octets came. The budget counts the capacity of the buffer, which is at most twice its octets.
 */
export class Octets {
  #bytes: Buffer<ArrayBuffer> = EMPTY;
  #start = 0;
  #end = 0;

  constructor(
    private readonly budget: Budget,
    /** Most octets; the capacity does not grow beyond it. */
    private readonly most = Number.POSITIVE_INFINITY,
    /** Octets of the budget that these leave to others. */
    private readonly spared = 0,
  ) {}

  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends a copy of `length` octets of `from`; returns false, and changes nothing, if the budget has no room. */
  append(from: Uint8Array, at = 0, length = from.length): boolean {
    if (!this.#makeRoom(length)) return false;
    this.#bytes.set(at === 0 && length === from.length ? from : from.subarray(at, at + length), this.#end);
    this.#end += length;
    return true;
  }

  /** Passes all octets to `write`, which returns how many it accepted; these are removed. */
  drain(write: (bytes: Buffer, at: number, length: number) => number): void {
    if (this.length === 0) return;
    this.#start += Math.max(0, write(this.#bytes, this.#start, this.length));
    if (this.length === 0) this.clear();
  }

  /** The octets, a view that is valid until the next call. */
  view(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Discards the octets and returns their memory to the budget. */
  clear(): void {
    this.budget.release(this.#bytes.length);
    freeMemory(this.#bytes);
    this.#bytes = EMPTY;
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(length: number): boolean {
    if (this.#end + length <= this.#bytes.length) return true;
    const needed = this.length + length;
    if (needed <= this.#bytes.length / 2) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
    } else {
      const capacity = Math.min(
        Math.max(LEAST_CAPACITY, 2 ** Math.ceil(Math.log2(needed))),
        Math.max(needed, this.most),
      );
      if (!this.budget.reserve(capacity - this.#bytes.length, this.spared)) return false;
      const larger = Buffer.allocUnsafeSlow(capacity); // not from the pool, whose slabs are shared
      this.#bytes.copy(larger, 0, this.#start, this.#end);
      freeMemory(this.#bytes);
      this.#bytes = larger;
    }
    this.#end -= this.#start;
    this.#start = 0;
    return true;
  }
}
