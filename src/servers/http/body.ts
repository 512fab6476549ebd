/** Reads request bodies within limits of size, of time and of memory. */

import type { Budget } from "../../base/bounded.ts";
import type { InternalErrors } from "../../base/internal-errors.ts";
import { freeMemory, Octets } from "../../base/octets.ts";
import { overTurns } from "../../base/turns.ts";

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

/** The response to a request, now or later. */
export type Answered = Response | Promise<Response>;

/** Makes the response from a body and its length in octets, or from the reason why there is no body. */
export type Answerer<T> = (body: T | BodyFailure, octets: number, request: Request) => Answered;

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

/** A body being read, of any form. */
type Open = Pick<Reading<never>, "startedAt" | "ended"> & { end(failure: BodyFailure, octets: 0): void };

/** What the bodies of one reader share. */
interface Shared {
  /** The bodies that are being read, in order of their start. */
  readonly open: Set<Open>;
  /** The octets of all bodies that are being read. */
  readonly held: Budget;
}

/** A body being read. It ends once: with its value, or with the reason why there is none. */
class Reading<T> {
  readonly startedAt = performance.now();
  readonly #settled = Promise.withResolvers<Response>();
  ended = false;

  constructor(
    private readonly shared: Shared,
    private readonly request: Request,
    private readonly answer: Answerer<T>,
    /** Octets that are reserved for the body. */
    private readonly reserved: number,
    /** The octets of a body that arrives in chunks. */
    private readonly octets?: Octets,
  ) {
    shared.open.add(this);
  }

  get response(): Promise<Response> {
    return this.#settled.promise;
  }

  /** For a body whose reserved octets are its length. */
  readonly succeed = (body: T): void => this.end(body, this.reserved);

  /** The client closed the connection before the end of the body. */
  readonly abandon = (): void => this.end(new BodyFailure("bad-request"), 0);

  end(result: T | BodyFailure, octets: number): void {
    if (this.ended) return;
    this.ended = true;
    this.shared.open.delete(this);
    this.octets?.clear();
    this.shared.held.release(this.reserved);
    try {
      this.#settled.resolve(this.answer(result, octets, this.request));
    } catch (error) {
      this.#settled.reject(error);
    }
  }
}

/** Reads bodies. One timer serves all of them, because a timer for each costs more than the request. */
export class BodyReader {
  readonly #shared: Shared;
  #timer: Timer | undefined;

  constructor(
    private readonly limits: BodyLimits,
    /** The octets of all bodies that are being read. */
    private readonly held: Budget,
    private readonly errors: InternalErrors,
  ) {
    this.#shared = { open: new Set(), held };
  }

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
    if (announced === null && !chunked) return answer(form.empty, 0, request);
    const length = chunked ? this.limits.httpBodyBytes : Number(announced);
    if (!Number.isSafeInteger(length)) return answer(new BodyFailure("bad-request"), 0, request);
    if (length > this.limits.httpBodyBytes) return answer(new BodyFailure("too-large"), 0, request);
    // Refused before it is read, so that the runtime discards what arrives. A long body reserves more as it arrives, so that
    // one that does not arrive takes no memory from others.
    const isLong = chunked || length > SHORT_BYTES;
    const refused = !this.held.reserve(isLong ? STREAM_BYTES : length, isLong ? this.#spared : 0);
    if (refused) return answer(new BodyFailure("memory-limit"), 0, request);
    return isLong ? this.#readChunks(request, form, answer, length) : this.#readWhole(request, form, answer, length);
  }

  /** Octets that long bodies leave to short ones. */
  get #spared(): number {
    return this.held.limit * SPARED_SHARE;
  }

  #readWhole<T>(request: Request, { whole }: Form<T>, answer: Answerer<T>, length: number): Answered {
    const reading = this.#start(request, answer, length);
    whole(request).then(reading.succeed, reading.abandon);
    return reading.response;
  }

  #readChunks<T>(request: Request, { convert }: Form<T>, answer: Answerer<T>, most: number): Answered {
    const octets = new Octets(this.held, most, this.#spared);
    const reading = this.#start(request, answer, STREAM_BYTES, octets);
    collect(request, octets, this.limits.httpBodyBytes, reading).then((failure) => {
      if (failure) reading.end(failure, 0);
      else reading.end(convert(octets.view()), octets.length);
    }, reading.abandon);
    return reading.response;
  }

  #start<T>(request: Request, answer: Answerer<T>, reserved: number, octets?: Octets): Reading<T> {
    const reading = new Reading(this.#shared, request, answer, reserved, octets);
    this.#startTimer();
    return reading;
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
      await overTurns(this.#expired(), (reading) => reading.end(new BodyFailure("too-slow"), 0));
    } finally {
      this.#timer = undefined;
      if (this.#shared.open.size > 0) this.#startTimer();
    }
  }

  /** The bodies whose time is over, also while they are removed. */
  *#expired(): Iterable<Open> {
    const latestStart = performance.now() - this.limits.httpBodyMs;
    for (const reading of this.#shared.open) {
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
  reading: Readonly<Pick<Open, "ended">>,
): Promise<BodyFailure | undefined> {
  for await (const chunk of request.body ?? []) {
    if (reading.ended) return new BodyFailure("too-slow");
    if (octets.length + chunk.length > limit) return new BodyFailure("too-large");
    if (!octets.append(chunk)) return new BodyFailure("memory-limit");
    if (chunk.length === chunk.buffer.byteLength) freeMemory(chunk); // it is copied
  }
  return undefined;
}
