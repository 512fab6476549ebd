/** Reads request bodies within limits of size and time. */

/** Reason for which a body was not read completely. */
export type BodyProblem = "too-large" | "too-slow" | "bad-request";

/** Passed in place of a body that was not read completely. */
export class BodyFailure {
  constructor(readonly problem: BodyProblem) {}
}

/** Limits of a request body. */
export interface BodyLimits {
  /** Largest body, octets. */
  readonly httpBodyBytes: number;
  /** Longest time for the whole body to arrive, ms. */
  readonly httpBodyMs: number;
}

/** A body being read. */
interface Reading {
  readonly startedAt: number;
  ended: boolean;
  readonly fail: (failure: BodyFailure) => void;
}

/** The response to a request, now or later. */
export type Answered = Response | Promise<Response>;

/** Makes the response from a body, or from the reason why there is none. */
export type Answerer<T> = (body: T | BodyFailure) => Answered;

/** Reads a body with a content length. */
const readers = {
  text: (request: Request) => request.text(),
  bytes: (request: Request) => request.bytes(),
};

/** Reads bodies. One timer serves all of them, because a timer for each costs more than the request. */
export class BodyReader {
  /** In order of their start. */
  readonly #open = new Set<Reading>();
  #timer: Timer | undefined;

  constructor(private readonly limits: BodyLimits) {}

  /** Reads the body as UTF-8 text and returns the response that `answer` makes. */
  text(request: Request, answer: Answerer<string>): Answered {
    return this.#read(request, "", answer, readers.text, (bytes) => bytes.toString("utf8"));
  }

  /** Reads the body as octets and returns the response that `answer` makes. */
  bytes(request: Request, answer: Answerer<Uint8Array<ArrayBuffer>>): Answered {
    return this.#read(request, new Uint8Array(), answer, readers.bytes, (bytes) => bytes);
  }

  #read<T>(
    request: Request,
    empty: T,
    answer: Answerer<T>,
    readWhole: (request: Request) => Promise<T>,
    convert: (bytes: Buffer<ArrayBuffer>) => T,
  ): Answered {
    const announced = request.headers.get("content-length");
    // Not `request.body === null`: creating the stream takes half the time of a request.
    const chunked = announced === null && request.headers.has("transfer-encoding");
    if (announced === null && !chunked) return answer(empty);
    if (Number(announced) > this.limits.httpBodyBytes) return answer(new BodyFailure("too-large"));
    return new Promise((resolve, reject) => {
      const end = (result: T | BodyFailure) => {
        if (reading.ended) return;
        reading.ended = true;
        this.#open.delete(reading);
        try {
          resolve(answer(result));
        } catch (error) {
          reject(error);
        }
      };
      const reading: Reading = { startedAt: performance.now(), ended: false, fail: end };
      this.#open.add(reading);
      this.#startTimer();
      const broken = () => end(new BodyFailure("bad-request")); // the client closed the connection before the end of the body
      if (!chunked) readWhole(request).then(end, broken);
      else {
        readChunks(request, this.limits.httpBodyBytes, reading).then(
          (result) => end(result instanceof BodyFailure ? result : convert(result)),
          broken,
        );
      }
    });
  }

  #startTimer(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const latestStart = performance.now() - this.limits.httpBodyMs;
      for (const reading of this.#open) {
        if (reading.startedAt > latestStart) break;
        reading.fail(new BodyFailure("too-slow"));
      }
      if (this.#open.size > 0) this.#startTimer();
    }, this.limits.httpBodyMs / 4);
    this.#timer.unref();
  }
}

/** Reads a body of unknown length; stops when it exceeds the limit or the reading has ended. */
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
    if (reading.ended) return new BodyFailure("too-slow");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
