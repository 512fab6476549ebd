/** Reads requests' bodies, no larger and no longer than allowed. */

/** A body that has arrived whole. */
export type Body = Uint8Array<ArrayBuffer>;

/** Why a body was not read to its end. */
export type BodyFailure = "too-large" | "too-slow" | "bad-request";

export interface BodyLimits {
  /** Largest body, octets. */
  readonly httpBodyBytes: number;
  /** Longest time for the whole body to arrive, ms. */
  readonly httpBodyMs: number;
}

/** A body that is being read. */
interface Reading {
  readonly startedAt: number;
  over: boolean;
  readonly finish: (result: Body | BodyFailure) => void;
}

/** Reads bodies; one timer watches over all of them, for a timer each would cost more than the request. */
export class BodyReader {
  /** In the order in which they began. */
  readonly #open = new Set<Reading>();
  #timer: Timer | undefined;

  constructor(private readonly limits: BodyLimits) {}

  /** The whole body, or why there is none. Never rejects. */
  read(request: Request): Promise<Body | BodyFailure> {
    const announced = request.headers.get("content-length");
    // Not `request.body === null`: making its stream costs half of what a whole request does.
    const chunked = announced === null && request.headers.has("transfer-encoding");
    if (announced === null && !chunked) return Promise.resolve(new Uint8Array());
    if (Number(announced) > this.limits.httpBodyBytes) return Promise.resolve("too-large");
    return new Promise((finish) => {
      const reading: Reading = { startedAt: performance.now(), over: false, finish };
      this.#open.add(reading);
      this.#watch();
      const body = chunked ? readChunks(request, this.limits.httpBodyBytes, reading) : request.bytes();
      body.then(
        (bytes) => this.#end(reading, bytes),
        () => this.#end(reading, "bad-request"), // the client broke off in the middle
      );
    });
  }

  #end(reading: Reading, result: Body | BodyFailure): void {
    if (reading.over) return;
    reading.over = true;
    this.#open.delete(reading);
    reading.finish(result);
  }

  #watch(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const began = performance.now() - this.limits.httpBodyMs;
      for (const reading of this.#open) {
        if (reading.startedAt > began) break;
        this.#end(reading, "too-slow");
      }
      if (this.#open.size > 0) this.#watch();
    }, this.limits.httpBodyMs / 4);
    this.#timer.unref();
  }
}

/** Reads a body of unknown length, and stops where it gets too large or is over. */
async function readChunks(request: Request, limit: number, reading: Readonly<Reading>): Promise<Body | BodyFailure> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) return "too-large";
    if (reading.over) return "too-slow";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
