/** HTTP: a request to one of the traffic routes is a packet. Routes and descriptions here, their life in the responder. */
import { Elysia } from "elysia";
import { formatPeer } from "../address.ts";
import type { Limits } from "../config.ts";
import type { Fate } from "../impairment.ts";
import type { DropReason } from "../metrics.ts";
import { type Exchange, PEER_GONE, type Responder } from "../responder.ts";
import { type Body, type BodyFailure, readBody } from "./http-body.ts";
import { describeTraffic } from "./http-description.ts";

/** Longest answer of `/delay/{seconds}`, s. */
export const MAX_DELAY_SECONDS = 10;
/** Largest answer of `/bytes/{n}`, octets. */
export const MAX_BYTES = 1024 * 1024;

/** What a request is answered with when nothing goes wrong; made when it is sent. */
interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string | Body;
  /** How long it takes to make, ms. */
  readonly workMs?: number;
}

const JSON_TYPE = "application/json";
const RECEIVED: Answer = { status: 200, type: JSON_TYPE, body: '{"status":"received"}' };
const FAILURE_STATUS: Readonly<Record<BodyFailure, number>> = { "too-large": 413, "too-slow": 408, "bad-request": 400 };

/** The part of Bun's server that tells who asks. */
interface PeerTeller {
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
}

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
    private readonly server: PeerTeller | null,
    private readonly clock: Responder["clock"],
    private readonly answer: Answer,
    readonly bytes: number,
    readonly receivedAt = clock.now(),
  ) {}

  get workMs(): number {
    return this.answer.workMs ?? 0;
  }

  peer(): string {
    const from = this.server?.requestIP(this.request);
    return from ? formatPeer(from.address, from.port) : "unknown";
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
    const headers: Record<string, string> = {
      "server-timing": `app;dur=${(this.clock.now() - this.receivedAt).toFixed(3)}`,
    };
    if (type !== undefined) headers["content-type"] = type;
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

/** `length` octets that every lab answers alike: a pattern, for the content does not matter and the size does. */
function pattern(length: number): Body {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

/** The traffic routes, for the lab's HTTP application. */
export function trafficRoutes(responder: Responder, limits: Pick<Limits, "httpBodyBytes" | "httpBodyMs">) {
  const { clock, traffic } = responder;
  const filler = pattern(MAX_BYTES);

  type Context = { readonly request: Request; readonly server: PeerTeller | null };

  function respond({ request, server }: Context, answer: Answer, bytes: number): Response | Promise<Response> {
    const exchange = new RequestExchange(request, server, clock, answer, bytes);
    responder.receive(exchange);
    return exchange.result();
  }

  /** Reads the body, then answers with what `make` says of it. */
  function withBody(context: Context, make: (body: Body) => Answer): Response | Promise<Response> {
    const body = readBody(context.request, limits);
    const answer = (body: Body | BodyFailure) => {
      if (typeof body !== "string") return respond(context, make(body), body.length);
      traffic.rejects.add(body);
      const limit = body === "too-large" ? `at most ${limits.httpBodyBytes} bytes` : `within ${limits.httpBodyMs} ms`;
      return Response.json(
        { error: `${body}: the body has to come whole, ${limit}` },
        { status: FAILURE_STATUS[body] },
      );
    };
    return body instanceof Promise ? body.then(answer) : answer(body);
  }

  /** A refusal is an answer too: the packet was received, and its reason is counted. */
  function refuse(reason: "not-json" | "bad-request", error: string): Answer {
    traffic.rejects.add(reason);
    return errorAnswer(400, error);
  }

  function receive(body: Body): Answer {
    try {
      JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
      return RECEIVED;
    } catch {
      return refuse("not-json", "the body is not JSON");
    }
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

  const raw = { parse: "none" } as const;
  return new Elysia({ name: "traffic" })
    .post("/", (context) => withBody(context, receive), { ...raw, detail: describeTraffic("/") })
    .post(
      "/echo",
      (context) => {
        const type = context.request.headers.get("content-type") ?? "application/octet-stream";
        return withBody(context, (body) => ({ status: 200, type, body }));
      },
      { ...raw, detail: describeTraffic("/echo") },
    )
    .get("/status/:code", (context) => respond(context, statusAnswer(context.params.code), 0), {
      detail: describeTraffic("/status/{code}"),
    })
    .get("/delay/:seconds", (context) => respond(context, delayAnswer(context.params.seconds), 0), {
      detail: describeTraffic("/delay/{seconds}"),
    })
    .get("/bytes/:n", (context) => respond(context, bytesAnswer(context.params.n), 0), {
      detail: describeTraffic("/bytes/{n}"),
    });
}
