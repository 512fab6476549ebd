/** One HTTP request and its response. */
import { formatPeer } from "../../base/address.ts";
import type { Clock } from "../../base/clock.ts";
import type { DirectionFate, Loss } from "../../faults/decide.ts";
import type { Direction } from "../../faults/faults.ts";
import type { DropReason } from "../../metrics/counters.ts";
import { type Exchange, PEER_GONE } from "../../reflector/exchange.ts";
import { resetStream } from "./reset.ts";
import { type HttpSessions, isHttpSession, SESSION_FIELD } from "./sessions.ts";
import type { SilentRequests } from "./silence.ts";
import type { TimedHeaders } from "./timing.ts";

/** The content of the response if no fault changes it; the response is made when it is sent. */
export interface Reply {
  readonly status: number;
  readonly type?: string;
  /** A Blob where responses share octets: the runtime copies an array for each response that is not read. */
  readonly body?: string | Uint8Array<ArrayBuffer> | Blob;
  /** Time that the response takes to make, ms. */
  readonly workMs?: number;
  /** Whether the body is that of the request. */
  readonly echoes?: boolean;
}

/** Half of the time after which the runtime closes the connection of a request without a response, ms. */
const LONG_MS = 15_000;
const INTERNAL_ERROR = "internal error; see the lab's log";

/** The response to a request whose processing threw an error. */
export function internalError(): Response {
  return Response.json({ error: INTERNAL_ERROR }, { status: 500 });
}

/** The length of a body, octets. A text has no other characters than ASCII. */
function lengthOf(body: Reply["body"]): number {
  if (body === undefined) return 0;
  return body instanceof Blob ? body.size : body.length;
}

/** The response to a request, now or later. */
type Answered = Response | Promise<Response>;

/** Returns the source of a request; null if its connection was closed. */
export type PeerOf = (request: Request) => { readonly address: string; readonly port: number } | null;

/** What happens to requests that faults lose. */
export interface LostRequests {
  readonly silent: Pick<SilentRequests, "leave" | "keepOpen">;
  readonly sessions: Pick<HttpSessions, "lost">;
}

/** An HTTP request, as the responder processes it. */
export class RequestExchange implements Exchange {
  readonly session = undefined;
  readonly sequence = 0;
  /** The response; undefined until it is decided. */
  #response: Answered | undefined;
  /** Resolves the promise of `result`, if that was called before the response was decided. */
  #resolve: ((response: Response) => void) | undefined;
  /** Status injected in place of the response; 0 for none. */
  #status = 0;
  receivedAt: number;

  constructor(
    private readonly request: Request,
    private readonly peerOf: PeerOf,
    private readonly clock: Clock,
    private readonly headers: TimedHeaders,
    private readonly reply: Reply,
    readonly bytes: number,
    private readonly lost: LostRequests,
    /** When the request was read. */
    private readonly readAt = clock.now(),
  ) {
    this.receivedAt = readAt;
  }

  get workMs(): number {
    return this.reply.workMs ?? 0;
  }

  peer(): string {
    const from = this.peerOf(this.request);
    return from ? formatPeer(from.address, from.port) : "unknown";
  }

  /** Octets of an echoed body. Bodies that are the same for every request exist once and are not counted. */
  get heldBytes(): number {
    return this.reply.echoes ? this.bytes : 0;
  }

  depart(dueAt: number): number {
    return this.order(dueAt);
  }

  arrive(now: number): boolean {
    this.receivedAt = now;
    return true;
  }

  order(dueAt: number): number {
    if (dueAt - this.readAt > LONG_MS) this.lost.silent.keepOpen(this.request);
    return dueAt;
  }

  keep(): this {
    return this;
  }

  encode(_sequence: number, fate: Readonly<DirectionFate>): void {
    this.#status = fate.status;
  }

  send(): number {
    if (this.#resolve && this.request.signal.aborted) return PEER_GONE;
    const { status, type, body } = this.#status
      ? { status: this.#status, type: undefined, body: undefined }
      : this.reply;
    const headers = this.headers.of(type, this.clock.now() - this.receivedAt);
    this.#respond(new Response(body ?? null, { status, headers }));
    return this.request.method === "HEAD" ? 0 : lengthOf(body);
  }

  drop(reason: DropReason, fault?: Loss): void {
    if (fault) this.#countLoss(reason === "fault-up" ? "up" : "down");
    if (fault === "close" || fault === "stall") this.#leave(fault);
    else if (fault === "reset") this.#respond(resetStream());
    else this.#refuse(reason);
  }

  #refuse(reason: DropReason): void {
    const fate = reason === "fault-up" ? "dropped-up" : reason === "fault-down" ? "dropped-down" : reason;
    if (reason === "failed") this.#respond(internalError());
    else this.#respond(new Response(null, { status: 503, headers: this.headers.untimed({ "x-wirelab-fate": fate }) }));
  }

  #countLoss(direction: Direction): void {
    const session = this.request.headers.get(SESSION_FIELD);
    if (session !== null && isHttpSession(session)) this.lost.sessions.lost(session, direction);
  }

  /** Leaves the request without a response: the promise of `result` is kept, but not this exchange with its body. */
  #leave(fault: "close" | "stall"): void {
    let release = this.#resolve;
    if (!release) {
      const { promise, resolve } = Promise.withResolvers<Response>();
      this.#response = promise;
      release = resolve;
    }
    this.lost.silent.leave(this.request, fault, release);
  }

  /** The response if it exists already, otherwise a promise of it. */
  result(): Answered {
    return (
      this.#response ??
      new Promise((resolve) => {
        this.#resolve = resolve;
      })
    );
  }

  #respond(response: Response): void {
    this.#response = response;
    this.#resolve?.(response);
  }
}
