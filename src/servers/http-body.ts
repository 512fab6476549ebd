/** Reads a request's body, no larger and no longer than allowed. */

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

/** The body, or why there is none: at once where it has arrived already, else as a promise. Never rejects. */
export function readBody(request: Request, limits: BodyLimits): Body | BodyFailure | Promise<Body | BodyFailure> {
  if (request.body === null) return new Uint8Array();
  const announced = request.headers.get("content-length");
  if (announced === null)
    return within(limits.httpBodyMs, (signal) => readChunks(request, limits.httpBodyBytes, signal));
  if (Number(announced) > limits.httpBodyBytes) return "too-large";
  const reading = request.bytes();
  const settled = Bun.peek(reading);
  if (settled !== reading) return settled;
  return within(limits.httpBodyMs, () => reading);
}

/** Runs `read` with a signal that ends it after `ms`. */
async function within(
  ms: number,
  read: (signal: AbortSignal) => Promise<Body | BodyFailure>,
): Promise<Body | BodyFailure> {
  const late = new AbortController();
  let timer: Timer | undefined;
  const deadline = new Promise<"too-slow">((resolve) => {
    timer = setTimeout(() => {
      resolve("too-slow");
      late.abort();
    }, ms);
  });
  try {
    return await Promise.race([read(late.signal).catch(() => "bad-request" as const), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a body of unknown length, and stops where it gets too large. */
async function readChunks(request: Request, limit: number, signal: AbortSignal): Promise<Body | BodyFailure> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) return "too-large";
    if (signal.aborted) return "too-slow";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
