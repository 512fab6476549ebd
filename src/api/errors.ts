/** Responses to requests that fail: one line of JSON, a status, and the reason under which the lab counts them. */
import { ParseError, ValidationError } from "elysia";
import type { Protocol, REGISTRY } from "../base/protocol.ts";
import { FaultFieldError } from "../faults/check.ts";
import { ImpairmentError } from "../faults/pieces.ts";
import { notServed } from "../faults/text.ts";
import { RelayError } from "../relay/route/route.ts";
import { StoreBusyError, StoreEndedError, UnreadableRunError } from "../runs/kept/errors.ts";
import { MemoryLimitError } from "./large-bodies.ts";
import { NotAllowedError } from "./rights.ts";
import { problemOf } from "./validation-error.ts";

/** A request with a value that is not allowed; the message is one line with the value and what is allowed. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}

/** A request for something that does not exist; the message is one line. */
export class NotFoundError extends Error {
  override readonly name: string = "NotFoundError";
}

/** A request for a protocol that the lab does not serve. */
export class NotServedError extends NotFoundError {
  override readonly name = "NotServedError";

  constructor(protocol: Protocol, served: readonly Protocol[]) {
    super(`${notServed(protocol)}; allowed: ${served.join(", ")}`);
  }
}

/** The response to a failed request. */
export interface Failure {
  /** The label value of `wirelab_rejected_total`; "failed" is an error of the lab itself. */
  readonly reason: (typeof REGISTRY)["http"]["rejects"][number];
  readonly response: Response;
}

/** Maximum length of a path in an error. */
const MAX_PATH = 200;

/** The path of a request's URL, which is shortened if it is long. `new URL` would throw for a request whose Host is missing or malformed. */
export function pathOf(url: string): string {
  const path = url.replace(/^\w+:\/\/[^/]*/, "").replace(/[?#].*$/s, "");
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
}

function failure(reason: Failure["reason"], status: number, body: { readonly error: string }): Failure {
  return { reason, response: Response.json(body, { status }) };
}

function notAllowed({ status, message }: NotAllowedError): Failure {
  const refused = failure("forbidden", status, { error: message });
  if (status === 401) refused.response.headers.set("www-authenticate", "Bearer");
  return refused;
}

/** The failure of a relay that cannot be made: 409 if another thing is in its way, otherwise the request is wrong. */
function relayFailure({ message: error, problem }: RelayError): Failure {
  const { field, position, allowed, isConflict = false } = problem;
  const place = position === undefined ? { field } : { position };
  const body = { error, ...place, allowed }; // JSON omits what is undefined
  return failure("bad-request", isConflict ? 409 : 400, body);
}

/** Whether the client closed the connection before the end of the body; the runtime names the error. */
function isAborted(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "AbortError";
}

/** The failure of a request whose path has other methods only. */
export function methodFailure(request: Request, methods: readonly string[]): Failure {
  const allowed = methods.join(", ");
  const error = `no route ${request.method} ${pathOf(request.url)}; allowed: ${allowed}`;
  const refused = failure("not-found", 405, { error });
  refused.response.headers.set("allow", allowed);
  return refused;
}

/** The failure for an error that a route threw; `code` is Elysia's code of it. */
export function failureOf(error: unknown, code: string | number, request: Request): Failure {
  const cause = error instanceof ParseError && error.cause ? error.cause : error;
  if (cause instanceof NotAllowedError) return notAllowed(cause);
  if (cause instanceof NotFoundError) return failure("not-found", 404, { error: cause.message });
  if (code === "NOT_FOUND") {
    const error = `no route ${request.method} ${pathOf(request.url)}; see /swagger for all routes`;
    return failure("not-found", 404, { error });
  }
  if (cause instanceof FaultFieldError) {
    const { message: error, field, allowed } = cause;
    const body = { error, field, allowed };
    return failure("bad-request", 400, body);
  }
  if (cause instanceof ImpairmentError) {
    const { message: error, position, allowed } = cause;
    const body = { error, position, allowed };
    return failure("bad-request", 400, body);
  }
  if (cause instanceof RelayError) return relayFailure(cause);
  if (cause instanceof ValidationError) return failure("bad-request", 400, problemOf(cause));
  if (cause instanceof BadRequestError) return failure("bad-request", 400, { error: cause.message });
  if (isAborted(cause)) return failure("bad-request", 400, { error: "the body is incomplete" });
  if (cause instanceof SyntaxError || error instanceof ParseError) {
    return failure("not-json", 400, { error: "the body is not JSON" });
  }
  if (cause instanceof UnreadableRunError) return failure("failed", 500, { error: cause.message });
  if (cause instanceof MemoryLimitError) return failure("memory-limit", 503, { error: cause.message });
  if (cause instanceof StoreBusyError || cause instanceof StoreEndedError) {
    return failure("failed", 503, { error: cause.message });
  }
  return failure("failed", 500, { error: "internal error; see the lab's log" });
}
