/** The HTTP traffic routes: a request to one of them is a packet. */

import { type AnyElysia, type DocumentDecoration, Elysia } from "elysia";
import type { Budget } from "../../base/bounded.ts";
import type { InternalErrors } from "../../base/internal-errors.ts";
import type { Limits } from "../../limits.ts";
import type { Responder } from "../../reflector/responder.ts";
import { type Answered, BodyFailure, type BodyProblem, BodyReader } from "./body.ts";
import { type LostRequests, type PeerOf, type Reply, RequestExchange } from "./exchange.ts";
import { TimedHeaders } from "./timing.ts";

/** Longest response time of `/delay/{seconds}`, s. */
export const MAX_DELAY_SECONDS = 10;
/** Largest response of `/bytes/{n}`, octets. */
export const MAX_BYTES = 1024 * 1024;

/** Octets after which the pattern of `/bytes/{n}` repeats. */
const PATTERN_PERIOD = 65_536;

/** Lowest and highest status of `/status/{code}`. */
const MIN_STATUS = 200;
const MAX_STATUS = 599;

/** The traffic routes as the API description names them. */
export type TrafficRoute = "/" | "/echo" | "/status/{code}" | "/delay/{seconds}" | "/bytes/{n}" | "/ws";

const JSON_TYPE = "application/json";
const OCTETS_TYPE = "application/octet-stream";
const RECEIVED: Reply = { status: 200, type: JSON_TYPE, body: '{"status":"received"}' };
const STATUS_OF: Readonly<Record<BodyProblem, number>> = {
  "too-large": 413,
  "too-slow": 408,
  "bad-request": 400,
  "memory-limit": 503,
};

/** What the traffic routes need. */
export interface TrafficParts {
  readonly responder: Responder;
  readonly limits: Pick<Limits, "httpBodyBytes" | "httpBodyMs">;
  /** The octets of the bodies that are being read. */
  readonly httpBodies: Budget;
  readonly errors: InternalErrors;
  readonly peerOf: PeerOf;
  readonly lost: LostRequests;
  /** Whether the version is HTTP/1.1, whose requests name their target in Host; in later versions it is `:authority`. */
  readonly hasHost: boolean;
  /** The value of `Alt-Svc` in the responses; undefined for none. */
  readonly alternative: string | undefined;
}

/** The traffic routes of one listener, as functions. */
export interface TrafficHandlers {
  receive(request: Request): Answered;
  echo(request: Request): Answered;
  /** `text` is the part of the path after the name of the route; also below. */
  status(request: Request, text: string): Answered;
  delay(request: Request, text: string): Answered;
  bytes(request: Request, text: string): Answered;
}

/** Parses a number of a path; undefined if it is not a number or out of range. */
function numberIn(text: string, min: number, max: number): number | undefined {
  const value = /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A fixed pattern of `length` octets, which the responses share: only their size matters. It repeats every 65,536 octets. */
function pattern(length: number): Blob {
  const octets = new Uint8Array(length);
  for (let i = 0; i < Math.min(length, PATTERN_PERIOD); i++) octets[i] = i * 31 + (i >> 8); // Uint8Array.from takes 40 times as long
  for (let i = PATTERN_PERIOD; i < length; i += PATTERN_PERIOD) octets.copyWithin(i, 0, PATTERN_PERIOD);
  return new Blob([octets]);
}

/** The replies of `/status/{code}` by code. */
function repliesByStatus(): ReadonlyMap<string, Reply> {
  const statuses = Array.from({ length: MAX_STATUS - MIN_STATUS + 1 }, (_, i) => MIN_STATUS + i);
  return new Map(statuses.map((status) => [`${status}`, { status }]));
}

/** The traffic routes of one listener. */
export function trafficHandlers(parts: TrafficParts): TrafficHandlers {
  const { responder, limits, httpBodies, errors, peerOf, lost, hasHost, alternative } = parts;
  const { clock, traffic } = responder;
  const filler = pattern(MAX_BYTES);
  const bodies = new BodyReader(limits, httpBodies, errors);
  const headers = new TimedHeaders([undefined, JSON_TYPE, OCTETS_TYPE], alternative);
  const statusReplies = repliesByStatus();

  function respond(request: Request, reply: Reply, bytes: number): Response | Promise<Response> {
    const exchange = new RequestExchange(request, peerOf, clock, headers, reply, bytes, lost);
    responder.receive(exchange);
    return exchange.result();
  }

  /** The response to a request whose body was not read; such a request is not a packet. */
  function failed({ problem }: BodyFailure): Response {
    traffic.rejects.add(problem);
    return Response.json({ error: `${problem}: ${reasonOf(problem)}` }, { status: STATUS_OF[problem] });
  }

  function reasonOf(problem: BodyProblem): string {
    switch (problem) {
      case "too-large":
        return `the body can have at most ${limits.httpBodyBytes} bytes`;
      case "too-slow":
        return `the body must arrive within ${limits.httpBodyMs} ms`;
      case "memory-limit":
        return `the bodies that are being read hold ${httpBodies.limit} bytes; try again later`;
      case "bad-request":
        return "the body is incomplete";
    }
  }

  /** A rejection: the packet was received, gets a response, and the reason is counted. */
  function reject(reason: "not-json" | "bad-request", error: string): Reply {
    traffic.rejects.add(reason);
    return { status: 400, type: JSON_TYPE, body: JSON.stringify({ error }) };
  }

  /** The response to a request with several Host fields (RFC 9112 section 3.2); undefined for any other request. */
  function refusal(request: Request): Answered | undefined {
    // The runtime joins fields of one name with commas, which no host contains. To read them takes a third of a request.
    if (!hasHost || !request.headers.get("host")?.includes(",")) return undefined;
    return respond(request, reject("bad-request", "more than one Host"), 0);
  }

  function receive(request: Request): Answered {
    const refused = refusal(request);
    if (refused) return refused;
    return bodies.text(request, acknowledge);
  }

  function acknowledge(text: string | BodyFailure, octets: number, request: Request): Answered {
    if (text instanceof BodyFailure) return failed(text);
    const reply = isJson(text) ? RECEIVED : reject("not-json", "the body is not JSON");
    return respond(request, reply, octets);
  }

  function echo(request: Request): Answered {
    const refused = refusal(request);
    if (refused) return refused;
    const type = request.headers.get("content-type") ?? OCTETS_TYPE;
    return bodies.bytes(request, (body) => {
      if (body instanceof BodyFailure) return failed(body);
      return respond(request, { status: 200, type, body, echoes: true }, body.length);
    });
  }

  function statusReply(text: string): Reply {
    return statusReplies.get(text) ?? reject("bad-request", `status ${text}: allowed are 200 to 599`);
  }

  function delayReply(text: string): Reply {
    const seconds = numberIn(text, 0, MAX_DELAY_SECONDS);
    if (seconds === undefined)
      return reject("bad-request", `delay ${text}: allowed are 0 to ${MAX_DELAY_SECONDS} seconds`);
    return { ...RECEIVED, workMs: seconds * 1000 };
  }

  function bytesReply(text: string): Reply {
    const length = /^\d+$/.test(text) ? numberIn(text, 0, MAX_BYTES) : undefined;
    if (length === undefined) return reject("bad-request", `bytes ${text}: allowed are 0 to ${MAX_BYTES}`);
    return { status: 200, type: OCTETS_TYPE, body: filler.slice(0, length) };
  }

  /** The response to a request without a body. */
  function answer(request: Request, makeReply: (text: string) => Reply, text: string): Answered {
    return refusal(request) ?? respond(request, makeReply(text), 0);
  }

  return {
    receive,
    echo,
    status: (request, text) => answer(request, statusReply, text),
    delay: (request, text) => answer(request, delayReply, text),
    bytes: (request, text) => answer(request, bytesReply, text),
  };
}

/**
 * The traffic routes in the lab's HTTP application, which serves HEAD requests and the API description. `handlersOf` returns the
 * handlers of the listener that received a request.
 */
export function trafficApplication(
  handlersOf: (request: Request) => TrafficHandlers,
  describe: (route: TrafficRoute) => DocumentDecoration,
): AnyElysia {
  // Each handler destructures only what it needs: Elysia parses cookies, query and headers for a handler that uses the
  // whole context, and defines a getter per request for one that uses `server`.
  const raw = { parse: "none" } as const;
  return new Elysia({ name: "traffic" })
    .post("/", ({ request }) => handlersOf(request).receive(request), { ...raw, detail: describe("/") })
    .post("/echo", ({ request }) => handlersOf(request).echo(request), { ...raw, detail: describe("/echo") })
    .get("/status/:code", ({ request, params }) => handlersOf(request).status(request, params.code), {
      detail: describe("/status/{code}"),
    })
    .get("/delay/:seconds", ({ request, params }) => handlersOf(request).delay(request, params.seconds), {
      detail: describe("/delay/{seconds}"),
    })
    .get("/bytes/:n", ({ request, params }) => handlersOf(request).bytes(request, params.n), {
      detail: describe("/bytes/{n}"),
    });
}

/**
 * The traffic routes for the runtime's router, because an application's handler costs an object and a promise for each
 * request.
 */
export function runtimeRoutes({ receive, echo, status, delay, bytes }: TrafficHandlers) {
  return {
    "/": { POST: receive },
    "/echo": { POST: echo },
    "/status/:code": { GET: (request: Bun.BunRequest) => status(request, request.params.code ?? "") },
    "/delay/:seconds": { GET: (request: Bun.BunRequest) => delay(request, request.params.seconds ?? "") },
    "/bytes/:n": { GET: (request: Bun.BunRequest) => bytes(request, request.params.n ?? "") },
  };
}
