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

/** What comes of a request: at once, or later. */
export type Answered = Response | Promise<Response>;

/** Makes an answer of a body, or of why there is none. */
export type Answerer<T> = (body: T | BodyFailure) => Answered;

const whole = {
  text: (request: Request) => request.text(),
  bytes: (request: Request) => request.bytes(),
};

/** Reads bodies; one timer watches over all of them, for a timer each would cost more than the request. */
export class BodyReader {
  /** In the order in which they began. */
  readonly #open = new Set<Reading>();
  #timer: Timer | undefined;

  constructor(private readonly limits: BodyLimits) {}

  /** Reads the body as text (UTF-8); what `answer` makes of it, or of why there is none. */
  text(request: Request, answer: Answerer<string>): Answered {
    return this.#read(request, "", answer, whole.text, (bytes) => bytes.toString("utf8"));
  }

  /** Reads the body as octets; what `answer` makes of them, or of why there are none. */
  bytes(request: Request, answer: Answerer<Uint8Array<ArrayBuffer>>): Answered {
    return this.#read(request, new Uint8Array(), answer, whole.bytes, (bytes) => bytes);
  }

  #read<T>(
    request: Request,
    empty: T,
    answer: Answerer<T>,
    whole: (request: Request) => Promise<T>,
    convert: (bytes: Buffer<ArrayBuffer>) => T,
  ): Answered {
    const announced = request.headers.get("content-length");
    // Not `request.body === null`: making its stream costs half of what a whole request does.
    const chunked = announced === null && request.headers.has("transfer-encoding");
    if (announced === null && !chunked) return answer(empty);
    if (Number(announced) > this.limits.httpBodyBytes) return answer(new BodyFailure("too-large"));
    return new Promise((resolve, reject) => {
      const end = (result: T | BodyFailure) => {
        if (reading.over) return;
        reading.over = true;
        this.#open.delete(reading);
        try {
          resolve(answer(result));
        } catch (error) {
          reject(error);
        }
      };
      const reading: Reading = { startedAt: performance.now(), over: false, fail: end };
      this.#open.add(reading);
      this.#watch();
      const broken = () => end(new BodyFailure("bad-request")); // the client broke off in the middle
      if (!chunked) whole(request).then(end, broken);
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
