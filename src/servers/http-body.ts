/** Reads requests' bodies, no larger and no longer than allowed. */

/** Why a body was not read to its end. */
export type BodyProblem = "too-large" | "too-slow" | "bad-request";

/** Stands in for a body that did not come whole. */
export class BodyFailure {
  constructor(readonly problem: BodyProblem) {}
}

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
  readonly fail: (failure: BodyFailure) => void;
}

/** Reads bodies; one timer watches over all of them, for a timer each would cost more than the request. */
export class BodyReader {
  /** In the order in which they began. */
  readonly #open = new Set<Reading>();
  #timer: Timer | undefined;

  constructor(private readonly limits: BodyLimits) {}

  /** The body as text (UTF-8), or why there is none. Never rejects. */
  text(request: Request): Promise<string | BodyFailure> {
    return this.#read(
      request,
      "",
      () => request.text(),
      (bytes) => bytes.toString("utf8"),
    );
  }

  /** The body as octets, or why there is none. Never rejects. */
  bytes(request: Request): Promise<Uint8Array<ArrayBuffer> | BodyFailure> {
    return this.#read(
      request,
      new Uint8Array(),
      () => request.bytes(),
      (bytes) => bytes,
    );
  }

  #read<T>(
    request: Request,
    empty: T,
    whole: () => Promise<T>,
    convert: (bytes: Buffer<ArrayBuffer>) => T,
  ): Promise<T | BodyFailure> {
    const announced = request.headers.get("content-length");
    // Not `request.body === null`: making its stream costs half of what a whole request does.
    const chunked = announced === null && request.headers.has("transfer-encoding");
    if (announced === null && !chunked) return Promise.resolve(empty);
    if (Number(announced) > this.limits.httpBodyBytes) return Promise.resolve(new BodyFailure("too-large"));
    return new Promise((finish) => {
      const reading: Reading = { startedAt: performance.now(), over: false, fail: finish };
      this.#open.add(reading);
      this.#watch();
      const end = (result: T | BodyFailure) => {
        reading.over = true;
        this.#open.delete(reading);
        finish(result); // does nothing where the watch was faster
      };
      const broken = () => end(new BodyFailure("bad-request")); // the client broke off in the middle
      if (!chunked) whole().then(end, broken);
      else {
        readChunks(request, this.limits.httpBodyBytes, reading).then(
          (result) => end(result instanceof BodyFailure ? result : convert(result)),
          broken,
        );
      }
    });
  }

  #watch(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const began = performance.now() - this.limits.httpBodyMs;
      for (const reading of this.#open) {
        if (reading.startedAt > began) break;
        reading.over = true;
        this.#open.delete(reading);
        reading.fail(new BodyFailure("too-slow"));
      }
      if (this.#open.size > 0) this.#watch();
    }, this.limits.httpBodyMs / 4);
    this.#timer.unref();
  }
}

/** Reads a body of unknown length, and stops where it gets too large or is over. */
async function readChunks(
  request: Request,
  limit: number,
  reading: Readonly<Reading>,
): Promise<Buffer<ArrayBuffer> | BodyFailure> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) return new BodyFailure("too-large");
    if (reading.over) return new BodyFailure("too-slow");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
