/** Reads request bodies within limits of size, of time and of memory. */

import type { Budget } from "../base/bounded.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import { freeMemory, Octets } from "../base/octets.ts";
import { overTurns } from "../base/turns.ts";

/** Reason for which a body was not read completely. */
export type BodyProblem = "too-large" | "too-slow" | "bad-request" | "memory-limit";

/** Passed in place of a body that was not read completely. */
export class BodyFailure {
  constructor(readonly problem: BodyProblem) {}
}

/** Limits of request bodies. */
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

/** Makes the response from a body and its length in octets, or from the reason why there is no body. */
export type Answerer<T> = (body: T | BodyFailure, octets: number) => Answered;

/** How a body becomes a value: its form without octets, one call of the runtime, or a conversion of its octets. */
interface Form<T> {
  readonly empty: T;
  readonly whole: (request: Request) => Promise<T>;
  readonly convert: (bytes: Buffer<ArrayBuffer>) => T;
}

const TEXT: Form<string> = {
  empty: "",
  whole: (request) => request.text(),
  convert: (bytes) => new TextDecoder().decode(bytes), // as `text` does, also with a byte order mark
};
const BYTES: Form<Uint8Array<ArrayBuffer>> = {
  empty: new Uint8Array(),
  whole: (request) => request.bytes(),
  convert: (bytes) => Buffer.concat([bytes]),
};

/** Bodies that are longer, or whose length is not announced, leave a quarter of the memory to the others. */
const SHORT_BYTES = 16 * 1024;
const SPARED_SHARE = 1 / 4;
/**
 * Octets reserved for such a body besides those that have arrived: the runtime reads up to 128 KiB ahead. They limit the
 * number of such bodies; with 16 KiB, 4,000 bodies of 1 MiB took 430 MB of memory, now 240 MB.
 */
const STREAM_BYTES = 128 * 1024;

/** Reads bodies. One timer serves all of them, because a timer for each costs more than the request. */
export class BodyReader {
  /** In order of their start. */
  readonly #open = new Set<Reading>();
  #timer: Timer | undefined;

  constructor(
    private readonly limits: BodyLimits,
    /** The octets of all bodies that are being read. */
    private readonly held: Budget,
    private readonly errors: InternalErrors,
  ) {}

  /** Reads the body as UTF-8 text and returns the response that `answer` makes. */
  text(request: Request, answer: Answerer<string>): Answered {
    return this.#read(request, TEXT, answer);
  }

  /** Reads the body as octets and returns the response that `answer` makes. */
  bytes(request: Request, answer: Answerer<Uint8Array<ArrayBuffer>>): Answered {
    return this.#read(request, BYTES, answer);
  }

  #read<T>(request: Request, form: Form<T>, answer: Answerer<T>): Answered {
    const announced = request.headers.get("content-length");
    // Not `request.body === null`: creating the stream takes half the time of a request.
    const chunked = announced === null && request.headers.has("transfer-encoding");
    if (announced === null && !chunked) return answer(form.empty, 0);
    const length = chunked ? this.limits.httpBodyBytes : Number(announced);
    if (!Number.isSafeInteger(length)) return answer(new BodyFailure("bad-request"), 0);
    if (length > this.limits.httpBodyBytes) return answer(new BodyFailure("too-large"), 0);
    // Refused before it is read, so that the runtime discards what arrives. A long body reserves more as it arrives, so that
    // one that does not arrive takes no memory from others.
    const isLong = chunked || length > SHORT_BYTES;
    const refused = !this.held.reserve(isLong ? STREAM_BYTES : length, isLong ? this.#spared : 0);
    if (refused) return answer(new BodyFailure("memory-limit"), 0);
    return isLong ? this.#readChunks(request, form, answer, length) : this.#readWhole(request, form, answer, length);
  }

  /** Octets that long bodies leave to short ones. */
  get #spared(): number {
    return this.held.limit * SPARED_SHARE;
  }

  #readWhole<T>(request: Request, { whole }: Form<T>, answer: Answerer<T>, length: number): Answered {
    return new Promise((resolve, reject) => {
      const { end } = this.#register(answer, () => this.held.release(length), resolve, reject);
      whole(request).then(
        (body) => end(body, length),
        () => end(new BodyFailure("bad-request"), 0), // the client closed the connection before the end of the body
      );
    });
  }

  #readChunks<T>(request: Request, { convert }: Form<T>, answer: Answerer<T>, most: number): Answered {
    const octets = new Octets(this.held, most, this.#spared);
    const free = () => {
      octets.clear();
      this.held.release(STREAM_BYTES);
    };
    return new Promise((resolve, reject) => {
      const { reading, end } = this.#register(answer, free, resolve, reject);
      collect(request, octets, this.limits.httpBodyBytes, reading).then(
        (failure) => (failure ? end(failure, 0) : end(convert(octets.view()), octets.length)),
        () => end(new BodyFailure("bad-request"), 0),
      );
    });
  }

  /** Registers a body; `end` frees it and settles the response, once. */
  #register<T>(
    answer: Answerer<T>,
    free: () => void,
    resolve: (response: Answered) => void,
    reject: (error: unknown) => void,
  ) {
    const end = (result: T | BodyFailure, octets: number) => {
      if (reading.ended) return;
      reading.ended = true;
      this.#open.delete(reading);
      free();
      try {
        resolve(answer(result, octets));
      } catch (error) {
        reject(error);
      }
    };
    const reading: Reading = { startedAt: performance.now(), ended: false, fail: (failure) => end(failure, 0) };
    this.#open.add(reading);
    this.#startTimer();
    return { reading, end };
  }

  #startTimer(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(
      () => this.errors.guard("http-body", () => this.#failExpired()),
      this.limits.httpBodyMs / 4,
    );
    this.#timer.unref();
  }

  async #failExpired(): Promise<void> {
    try {
      await overTurns(this.#expired(), (reading) => reading.fail(new BodyFailure("too-slow")));
    } finally {
      this.#timer = undefined;
      if (this.#open.size > 0) this.#startTimer();
    }
  }

  /** The bodies whose time is over, also while they are removed. */
  *#expired(): Iterable<Reading> {
    const latestStart = performance.now() - this.limits.httpBodyMs;
    for (const reading of this.#open) {
      if (reading.startedAt > latestStart) return;
      yield reading;
    }
  }
}

/** Collects a body; stops, with the reason, when it exceeds a limit or the reading has ended. */
async function collect(
  request: Request,
  octets: Octets,
  limit: number,
  reading: Readonly<Reading>,
): Promise<BodyFailure | undefined> {
  for await (const chunk of request.body ?? []) {
    if (reading.ended) return new BodyFailure("too-slow");
    if (octets.length + chunk.length > limit) return new BodyFailure("too-large");
    if (!octets.append(chunk)) return new BodyFailure("memory-limit");
    if (chunk.length === chunk.buffer.byteLength) freeMemory(chunk); // it is copied
  }
  return undefined;
}
