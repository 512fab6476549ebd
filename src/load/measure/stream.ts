/** A bounded queue that is read as it grows. */

/** Most values that wait for the reader; after that the oldest is discarded. */
const MAX_QUEUED = 4096;

/** A stream of values with one reader. */
export class Stream<Value> implements AsyncIterable<Value> {
  readonly #queue: Value[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;

  /** Adds a value. */
  push(value: Value): void {
    if (this.#queue.push(value) > MAX_QUEUED) this.#queue.shift();
    this.#wake.resolve();
  }

  /** Ends the stream after the values that are in it. */
  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) yield next;
      else if (this.#ended) return;
      else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers<void>();
      }
    }
  }
}
