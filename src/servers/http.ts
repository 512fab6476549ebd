/** HTTP: a request to one of the traffic routes is a packet. Routes and descriptions here, their life in the responder. */
import { Elysia } from "elysia";
import { describeTraffic } from "../api/openapi.ts";
import { formatPeer } from "../base/address.ts";
import type { Fate } from "../faults/faults.ts";
import type { DropReason } from "../metrics/counters.ts";
import { type Exchange, PEER_GONE, type Responder } from "../reflector/responder.ts";
import { type Answered, BodyFailure, type BodyLimits, type BodyProblem, BodyReader } from "./http-body.ts";

/** Longest answer of `/delay/{seconds}`, s. */
export const MAX_DELAY_SECONDS = 10;
/** Largest answer of `/bytes/{n}`, octets. */
export const MAX_BYTES = 1024 * 1024;

/** What a request is answered with when nothing goes wrong; made when it is sent. */
interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** How long it takes to make, ms. */
  readonly workMs?: number;
  /** The body is the request's own. */
  readonly echoes?: boolean;
}

const JSON_TYPE = "application/json";
const RECEIVED: Answer = { status: 200, type: JSON_TYPE, body: '{"status":"received"}' };
const STATUS_OF: Readonly<Record<BodyProblem, number>> = { "too-large": 413, "too-slow": 408, "bad-request": 400 };

/** Tells who asks; null where the connection is gone. */
export type PeerTeller = (request: Request) => { readonly address: string; readonly port: number } | null;

/** One request and the way to answer it. */
class RequestExchange implements Exchange {
  readonly session = undefined;
  readonly sequence = 0;
  /** The response, once it is decided; until then `later` waits for it. */
  response: Response | undefined;
  #resolve: ((response: Response) => void) | undefined;
  #status = 0;

  constructor(
    private readonly request: Request,
    private readonly peerOf: PeerTeller,
    private readonly clock: Responder["clock"],
    private readonly answer: Answer,
    readonly bytes: number,
    readonly receivedAt = clock.now(),
  ) {}

  get workMs(): number {
    return this.answer.workMs ?? 0;
  }

  peer(): string {
    const from = this.peerOf(this.request);
    return from ? formatPeer(from.address, from.port) : "unknown";
  }

  /** Octets of a body that goes back. What every lab answers alike is held once. */
  get heldBytes(): number {
    return this.answer.echoes ? this.bytes : 0;
  }

  order(dueAt: number): number {
    return dueAt;
  }

  keep(): this {
    return this;
  }

  encode(_sequence: number, fate: Readonly<Fate>): void {
    this.#status = fate.status;
  }

  send(): number {
    if (this.#resolve && this.request.signal.aborted) return PEER_GONE;
    const { status, type, body } = this.#status
      ? { status: this.#status, type: undefined, body: undefined }
      : this.answer;
    const timing = `app;dur=${(this.clock.now() - this.receivedAt).toFixed(3)}`;
    // Two literals: an object that grows a key costs a POST a thirtieth of its time.
    const headers =
      type === undefined ? { "server-timing": timing } : { "server-timing": timing, "content-type": type };
    this.#settle(new Response(body ?? null, { status, headers }));
    return body?.length ?? 0;
  }

  drop(reason: DropReason): void {
    const fate = reason === "fault-up" ? "dropped-up" : reason === "fault-down" ? "dropped-down" : reason;
    this.#settle(new Response(null, { status: 503, headers: { "x-wirelab-fate": fate } }));
  }

  /** The response when it is there at once, else a promise of it. */
  result(): Response | Promise<Response> {
    return (
      this.response ??
      new Promise((resolve) => {
        this.#resolve = resolve;
      })
    );
  }

  #settle(response: Response): void {
    this.response = response;
    this.#resolve?.(response);
  }
}

function errorAnswer(status: number, error: string): Answer {
  return { status, type: JSON_TYPE, body: JSON.stringify({ error }) };
}

/** Reads `text` as a number of a route; undefined where it is none or out of range. */
function numberIn(text: string, min: number, max: number): number | undefined {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
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

/** `length` octets that every lab answers alike: a pattern, for the content does not matter and the size does. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

/** The traffic routes, for the lab's HTTP application; `peerOf` tells who asks. */
export function trafficRoutes(responder: Responder, limits: BodyLimits, peerOf: PeerTeller) {
  const { clock, traffic } = responder;
  const filler = pattern(MAX_BYTES);
  const bodies = new BodyReader(limits);

  function respond(request: Request, answer: Answer, bytes: number): Response | Promise<Response> {
    const exchange = new RequestExchange(request, peerOf, clock, answer, bytes);
    responder.receive(exchange);
    return exchange.result();
  }

  /** Tells why a body was not read; what never came whole is no packet. */
  function failed({ problem }: BodyFailure): Response {
    traffic.rejects.add(problem);
    const limit = problem === "too-large" ? `at most ${limits.httpBodyBytes} bytes` : `within ${limits.httpBodyMs} ms`;
    return Response.json({ error: `${problem}: the body has to come whole, ${limit}` }, { status: STATUS_OF[problem] });
  }

  /** A refusal is an answer too: the packet was received, and its reason is counted. */
  function refuse(reason: "not-json" | "bad-request", error: string): Answer {
    traffic.rejects.add(reason);
    return errorAnswer(400, error);
  }

  function receive(request: Request): Answered {
    return bodies.text(request, (text) => {
      if (text instanceof BodyFailure) return failed(text);
      return respond(
        request,
        isJson(text) ? RECEIVED : refuse("not-json", "the body is not JSON"),
        Buffer.byteLength(text),
      );
    });
  }

  function echo(request: Request): Answered {
    const type = request.headers.get("content-type") ?? "application/octet-stream";
    return bodies.bytes(request, (body) => {
      if (body instanceof BodyFailure) return failed(body);
      return respond(request, { status: 200, type, body, echoes: true }, body.length);
    });
  }

  function statusAnswer(text: string): Answer {
    const status = /^\d{3}$/.test(text) ? numberIn(text, 200, 599) : undefined;
    return status === undefined ? refuse("bad-request", `status ${text}: allowed are 200 to 599`) : { status };
  }

  function delayAnswer(text: string): Answer {
    const seconds = numberIn(text, 0, MAX_DELAY_SECONDS);
    if (seconds === undefined)
      return refuse("bad-request", `delay ${text}: allowed are 0 to ${MAX_DELAY_SECONDS} seconds`);
    return { ...RECEIVED, workMs: seconds * 1000 };
  }

  function bytesAnswer(text: string): Answer {
    const length = /^\d+$/.test(text) ? numberIn(text, 0, MAX_BYTES) : undefined;
    if (length === undefined) return refuse("bad-request", `bytes ${text}: allowed are 0 to ${MAX_BYTES}`);
    return { status: 200, type: "application/octet-stream", body: filler.subarray(0, length) };
  }

  // Each handler takes only what it needs: for one that takes Elysia's context whole, cookies, query and headers are
  // parsed, and for one that takes `server` a getter is defined, at each request.
  const raw = { parse: "none" } as const;
  return new Elysia({ name: "traffic" })
    .post("/", ({ request }) => receive(request), { ...raw, detail: describeTraffic("/") })
    .post("/echo", ({ request }) => echo(request), { ...raw, detail: describeTraffic("/echo") })
    .get("/status/:code", ({ request, params }) => respond(request, statusAnswer(params.code), 0), {
      detail: describeTraffic("/status/{code}"),
    })
    .get("/delay/:seconds", ({ request, params }) => respond(request, delayAnswer(params.seconds), 0), {
      detail: describeTraffic("/delay/{seconds}"),
    })
    .get("/bytes/:n", ({ request, params }) => respond(request, bytesAnswer(params.n), 0), {
      detail: describeTraffic("/bytes/{n}"),
    });
}
