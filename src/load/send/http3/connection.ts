/** One HTTP/3 connection (RFC 9114) on the runtime's QUIC sockets: prepared requests in its streams, and their responses. */
import type { ClientSettings } from "../client.ts";
import { durationOf, fateOf, outcomeOf } from "../http/fields.ts";
import { type HttpRequest, pseudoFields } from "../http/request.ts";
import type { Outcome } from "../serial/connection.ts";
import {
  closedOutcome,
  type Exchange,
  GONE,
  REFUSED,
  RESET,
  type StreamConnection,
  type StreamEvents,
} from "../streams/connection.ts";
import { openSession } from "./opening.ts";
import type { Connect, Session, Stream } from "./quic.ts";

/** Codes of reset streams (RFC 9114 section 8.1). */
const CANCELLED = 0x10cn;
const REJECTED = 0x10bn;

const CLOSED: Outcome = Object.freeze({ kind: "lost", code: "closed" });

type Fields = Readonly<Record<string, string>>;

/** The request of a run as it is sent. */
export interface PreparedRequest {
  readonly ofRun: Fields;
  readonly ofWarmUp: Fields;
  readonly body: Uint8Array | undefined;
  readonly keepAlive: boolean;
}

/** The header fields of a request for the runtime; of fields with the same name the last. */
export function preparedRequest(request: HttpRequest, session: string): PreparedRequest {
  const { body, keepAlive } = request;
  return {
    ofRun: Object.fromEntries(pseudoFields(request, session)),
    ofWarmUp: Object.fromEntries(pseudoFields(request)),
    body: body.length === 0 ? undefined : body,
    keepAlive,
  };
}

/** Settings of a connection. */
export interface Http3Settings {
  readonly settings: ClientSettings;
  readonly connect: Connect;
  readonly prepared: PreparedRequest;
  /** Most requests at a time. */
  readonly streams: number;
}

/** A request and its stream. The exchange can be in use for another request when an event of the stream arrives. */
interface Pending {
  /** Undefined when it has an outcome. */
  exchange: Exchange | undefined;
  stream: Stream | undefined;
  /** Content-Length of the response; -1 if there is none. */
  length: number;
  /** Octets that had arrived on the connection when it was sent. */
  readonly received: bigint;
}

/** A connection that is opened once. */
export class Http3Connection implements StreamConnection {
  readonly #settings: Http3Settings;
  readonly #events: StreamEvents;
  /** By request, in the order of sending. */
  readonly #pending = new Map<Exchange, Pending>();
  #session: Session | undefined;
  #maxStreams = 0;
  isSpent = false;
  localPort: number | undefined;

  constructor(settings: Http3Settings, events: StreamEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  async connect(patienceMs: number): Promise<void> {
    const { connect, settings, streams } = this.#settings;
    const session = await openSession(connect, settings, patienceMs);
    if (this.isSpent) {
      session.destroy();
      return;
    }
    this.#session = session;
    this.localPort = session.path?.local.port;
    this.#maxStreams = Math.min(streams, initialStreams(session));
    session.ongoaway = () => this.#onGoaway();
    const onClosed = () => this.#onClosed(session);
    session.closed.then(onClosed, onClosed);
  }

  get active(): number {
    return this.#pending.size;
  }

  get #received(): bigint {
    return this.#session?.stats.bytesReceived ?? 0n;
  }

  get free(): number {
    return this.isSpent || this.#session === undefined ? 0 : this.#maxStreams - this.#pending.size;
  }

  /** The runtime passes the request on at once. Its header fields are not in the number of octets: the runtime makes them. */
  request(exchange: Exchange): number {
    const { ofRun, ofWarmUp, body, keepAlive } = this.#settings.prepared;
    const pending: Pending = { exchange, stream: undefined, length: -1, received: this.#received };
    this.#pending.set(exchange, pending);
    this.#session
      ?.createBidirectionalStream({
        headers: exchange.ofRun ? ofRun : ofWarmUp,
        ...(body !== undefined && { body }),
        onheaders(fields) {
          readFields(fields, pending, this);
        },
      })
      .then(
        (stream) => this.#onStream(pending, stream as Stream), // the types do not contain all of its functions
        () => this.#finish(pending, GONE),
      );
    if (!keepAlive) this.isSpent = true;
    return body?.length ?? 0;
  }

  #onStream(pending: Pending, stream: Stream): void {
    pending.stream = stream;
    if (pending.exchange === undefined) abort(stream);
    // A reset with the code 0 is no error of `closed`.
    stream.onreset = (error: unknown) => this.#finish(pending, resetOutcome(error));
    stream.closed.then(
      () => this.#onEnd(pending, stream),
      (error: unknown) => this.#finish(pending, resetOutcome(error)),
    );
  }

  /** The stream has ended in both directions. The runtime does not report that a response is shorter than its length. */
  #onEnd(pending: Pending, stream: Stream): void {
    const { exchange, length } = pending;
    if (exchange === undefined) return;
    exchange.octets = Number(stream.stats.bytesReceived);
    const isCut = length > exchange.octets && this.#settings.prepared.ofRun[":method"] !== "HEAD";
    const isWhole = exchange.status >= 200 && !isCut;
    this.#finish(pending, isWhole ? outcomeOf(exchange) : closedOutcome(exchange, "closed"));
  }

  #finish(pending: Pending, outcome: Outcome): void {
    const { exchange } = pending;
    if (exchange === undefined) return;
    pending.exchange = undefined;
    this.#pending.delete(exchange);
    this.#events.onRead(() => undefined);
    this.#events.onOutcome(exchange, outcome);
    if (this.isSpent && this.#pending.size === 0) this.#close();
    this.#events.onTurnEnd();
  }

  /** The target opens no more streams; those that are open end by themselves. */
  #onGoaway(): void {
    this.isSpent = true;
    if (this.#pending.size === 0) this.#close();
    this.#events.onTurnEnd();
  }

  #onClosed(session: Session): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.isSpent = true;
    this.#events.onRead(() => undefined);
    for (const pending of [...this.#pending.values()]) {
      const { exchange } = pending;
      if (exchange === undefined) continue;
      pending.exchange = undefined;
      this.#pending.delete(exchange);
      this.#events.onOutcome(exchange, closedOutcome(exchange, "closed"));
    }
    this.#events.onClosed();
    this.#events.onTurnEnd();
  }

  #close(): void {
    this.close();
    this.#events.onClosed();
  }

  flush(): void {}

  oldest(): Exchange | undefined {
    return this.#pending.keys().next().value;
  }

  cancel(exchange: Exchange): void {
    const pending = this.#pending.get(exchange);
    this.#pending.delete(exchange);
    if (pending === undefined) return;
    pending.exchange = undefined;
    if (pending.stream !== undefined) abort(pending.stream);
    if (this.#received === pending.received) this.#retire();
    if (this.isSpent && this.#pending.size === 0) this.#close();
  }

  /**
   * Nothing has arrived since a request that is given up, not even its acknowledgement: the target does not know the
   * connection any more, for instance because it has started again. The next request opens another one.
   */
  #retire(): void {
    if (this.isSpent) return;
    this.isSpent = true;
    queueMicrotask(() => this.#events.onTurnEnd());
  }

  close(): void {
    this.isSpent = true;
    for (const pending of this.#pending.values()) pending.exchange = undefined;
    const isIdle = this.#pending.size === 0;
    this.#pending.clear();
    // The field is cleared first, because the end of the session is an event.
    const session = this.#session;
    this.#session = undefined;
    if (isIdle) session?.close().catch(() => undefined);
    else session?.destroy();
  }
}

/** How many streams the target accepts at a time. */
function initialStreams(session: Session): number {
  const { initialMaxStreamsBidi } = Object((session as { remoteTransportParams?: unknown }).remoteTransportParams);
  return initialMaxStreamsBidi === undefined ? Number.POSITIVE_INFINITY : Number(initialMaxStreamsBidi);
}

function abort(stream: Stream): void {
  if (stream.destroyed) return;
  stream.stopSending(CANCELLED);
  stream.resetStream(CANCELLED);
}

/** Reads the header fields of a response. */
function readFields(
  fields: NodeJS.Dict<string | string[]>,
  pending: Pending,
  stream: { readonly stats: unknown },
): void {
  const { exchange } = pending;
  if (exchange === undefined) return;
  exchange.status = Number(fields[":status"]);
  const fate = fields["x-wirelab-fate"];
  if (fate !== undefined) exchange.dropped = fateOf(String(fate));
  const timing = fields["server-timing"];
  if (timing !== undefined) exchange.serverMs = durationOf(String(timing));
  const length = fields["content-length"];
  if (length !== undefined) pending.length = Number(length);
  // The numbers of a stream are kept beyond its end if they were read before.
  void stream.stats;
}

/** The outcome of a request whose stream ended with an error. */
function resetOutcome(error: unknown): Outcome {
  const { errorCode: code, type } = Object(error);
  if (type === "transport") return CLOSED;
  return code === REJECTED ? REFUSED : RESET;
}
