/** One HTTP/2 connection (RFC 9113): prepared requests in its streams, and their responses. */
import { dataAgeOf } from "../../../base/receive-times.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { ClientSettings } from "../client.ts";
import { outcomeOf } from "../http/fields.ts";
import { ProtocolError } from "../http/head.ts";
import type { HttpRequest } from "../http/request.ts";
import { Opening, type TlsSession } from "../opening.ts";
import type { ConnectorSettings, SocketOwner } from "../socket-owner.ts";
import {
  closedOutcome,
  type Exchange,
  GONE,
  REFUSED,
  RESET,
  type StreamConnection,
  type StreamEvents,
} from "../streams/connection.ts";
import {
  CODE,
  FIRST_WINDOW,
  FLAG,
  FrameReader,
  frame,
  HEADER,
  MAX_31_BITS,
  SETTING,
  TYPE,
  uint32,
  unpadded,
  writeHeader,
} from "./frames.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import { Output } from "./output.ts";
import { Preface, WINDOW } from "./preface.ts";
import type { RequestHead } from "./request.ts";

/** Error code of a target that violates HTTP/2. */
const NOT_HTTP2 = "not-http2";
/** While this many octets wait to be written, no more streams are opened, and no more octets of bodies are added. */
const MAX_UNWRITTEN = 1 << 18;
/** The target is told of received octets of bodies when there are this many. */
const UPDATE_AFTER = 1 << 24;

/** The request of a run as it is sent. */
export interface PreparedRequest {
  readonly request: HttpRequest;
  readonly ofRun: RequestHead;
  readonly ofWarmUp: RequestHead;
}

/** Settings of a connection. */
export interface Http2Settings {
  readonly settings: ClientSettings;
  readonly prepared: PreparedRequest;
  /** Most requests at a time. */
  readonly streams: number;
  /** The TLS session of the connection before it. */
  readonly session: TlsSession;
}

/** A connection that is opened once. */
export class Http2Connection implements StreamConnection, SocketOwner {
  readonly #opening: ConnectorSettings;
  readonly #session: TlsSession;
  readonly #preface = new Preface();
  readonly #prepared: PreparedRequest;
  readonly #body: Uint8Array;
  readonly #streams: number;
  readonly #events: StreamEvents;
  readonly #reader = new FrameReader();
  readonly #blocks = new HeaderBlocks();
  readonly #output = new Output();
  /** By the ids of their streams, in the order of sending. */
  readonly #exchanges = new Map<number, Exchange>();
  /** Those whose body is not completely passed on. */
  readonly #unsent = new Set<Exchange>();
  #socket: Bun.Socket | undefined;
  #waited: () => number | undefined = () => undefined;
  #nextStream = 1;
  #isGoing = false;
  #received = 0;
  // What the target's settings say.
  #maxStreams = Number.POSITIVE_INFINITY;
  #streamWindow = FIRST_WINDOW;
  #window = FIRST_WINDOW;
  #maxFrame = 16_384;
  isSpent = false;

  readonly #onFrame = (bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number) =>
    this.#handle(bytes, at, length, type, flags, stream);

  constructor({ settings, prepared, streams, session }: Http2Settings, events: StreamEvents) {
    this.#opening = { ...settings, alpn: "h2", makePrologue: () => this.#preface };
    this.#session = session;
    this.#prepared = prepared;
    this.#body = prepared.request.body;
    this.#streams = streams;
    this.#events = events;
  }

  connect(patienceMs: number): Promise<void> {
    return new Opening(this.#opening, this, this.#session, patienceMs).open();
  }

  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }

  get active(): number {
    return this.#exchanges.size;
  }

  get free(): number {
    if (this.#socket === undefined || this.isSpent || this.#output.length > MAX_UNWRITTEN) return 0;
    return Math.max(0, Math.min(this.#streams, this.#maxStreams) - this.#exchanges.size);
  }

  onOpen(socket: Bun.Socket, isLate: boolean): void {
    if (isLate) return void socket.end();
    this.#socket = socket;
    this.#waited = dataAgeOf(socket);
    this.onData(socket, this.#preface.received);
  }

  request(exchange: Exchange): number {
    const { frames, idsAt } = exchange.ofRun ? this.#prepared.ofRun : this.#prepared.ofWarmUp;
    const stream = this.#nextStream;
    this.#nextStream += 2;
    if (this.#nextStream > MAX_31_BITS || !this.#prepared.request.keepAlive) this.#retire();
    exchange.clear();
    exchange.stream = stream;
    exchange.window = this.#streamWindow;
    this.#exchanges.set(stream, exchange);
    const at = this.#output.extend(frames.length);
    this.#output.bytes.set(frames, at);
    for (const idAt of idsAt) this.#output.bytes.writeUInt32BE(stream, at + idAt);
    if (this.#body.length > 0) this.#sendBody(exchange);
    return frames.length + this.#body.length + (this.#body.length > 0 ? HEADER : 0);
  }

  /** Adds as much of the body as the windows allow. */
  #sendBody(exchange: Exchange): void {
    const body = this.#body;
    while (exchange.bodySent < body.length && this.#output.length <= MAX_UNWRITTEN) {
      const left = body.length - exchange.bodySent;
      const length = Math.min(left, exchange.window, this.#window, this.#maxFrame);
      if (length <= 0) break;
      const at = this.#output.extend(HEADER + length);
      writeHeader(this.#output.bytes, at, length, TYPE.data, length === left ? FLAG.endStream : 0, exchange.stream);
      this.#output.bytes.set(
        length === body.length ? body : body.subarray(exchange.bodySent, exchange.bodySent + length),
        at + HEADER,
      );
      exchange.bodySent += length;
      exchange.window -= length;
      this.#window -= length;
    }
    if (exchange.bodySent < body.length) this.#unsent.add(exchange);
    else if (this.#unsent.size > 0) this.#unsent.delete(exchange);
  }

  #sendBodies(): void {
    for (const exchange of this.#unsent) this.#sendBody(exchange);
  }

  flush(): void {
    if (this.#socket !== undefined) this.#output.writeTo(this.#socket);
  }

  onDrain(): void {
    this.flush();
    if (this.#unsent.size > 0) this.#sendBodies();
    this.flush();
    this.#events.onTurnEnd();
  }

  onData(socket: Bun.Socket, data: Buffer): void {
    if (socket !== this.#socket) return;
    this.#events.onRead(this.#waited);
    try {
      this.#reader.read(data, this.#onFrame);
      this.#updateWindow();
    } catch (error) {
      // The rest of the octets cannot be interpreted.
      const code = error instanceof ProtocolError ? NOT_HTTP2 : errorCode(error);
      this.#end(() => ({ kind: "corrupt", code }));
    }
    if (this.#isGoing && this.#exchanges.size === 0) this.#end(() => GONE);
    this.#events.onTurnEnd();
    this.flush();
  }

  #updateWindow(): void {
    if (this.#received < UPDATE_AFTER) return;
    this.#output.add(frame(TYPE.window, 0, 0, uint32(this.#received)));
    this.#received = 0;
  }

  #handle(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
    if (this.#blocks.isOpen !== (type === TYPE.continuation))
      throw new ProtocolError("a header block that is not complete");
    switch (type) {
      case TYPE.headers:
      case TYPE.continuation:
        return this.#onHeaders(bytes, at, length, type, flags, stream);
      case TYPE.data:
        return this.#onBody(bytes, at, length, flags, stream);
      case TYPE.reset:
        return this.#onReset(bytes, at, length, stream);
      case TYPE.settings:
        return this.#onSettings(bytes, at, length, flags, stream);
      case TYPE.ping:
        return this.#onPing(bytes, at, length, flags);
      case TYPE.goaway:
        return this.#onGoaway(bytes, at, length);
      case TYPE.window:
        return this.#onWindow(bytes, at, length, stream);
      case TYPE.push:
        throw new ProtocolError("a pushed response, which the settings exclude");
    }
  }

  /** The request of a stream; undefined if it has an outcome. Throws a ProtocolError for a stream that was not opened. */
  #exchangeOf(stream: number): Exchange | undefined {
    const exchange = this.#exchanges.get(stream);
    if (exchange === undefined && ((stream & 1) === 0 || stream >= this.#nextStream)) {
      throw new ProtocolError("a frame of a stream that was not opened");
    }
    return exchange;
  }

  #onHeaders(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
    const exchange = this.#exchangeOf(stream);
    if (exchange !== undefined) exchange.octets += HEADER + length;
    const hadStatus = exchange !== undefined && exchange.status >= 200;
    if (!this.#blocks.read(bytes, at, length, type, flags, stream, exchange)) return;
    if (exchange === undefined) return;
    if (exchange.status === 0) throw new ProtocolError("a response without a status");
    if (this.#blocks.endsStream) this.#finish(exchange, exchange.status >= 200);
    else if (hadStatus) throw new ProtocolError("trailer fields that do not end the stream");
  }

  #onBody(bytes: Buffer, at: number, length: number, flags: number, stream: number): void {
    unpadded(bytes, at, length, flags);
    this.#received += length;
    const exchange = this.#exchangeOf(stream);
    if (exchange === undefined) return;
    if (exchange.status < 200) throw new ProtocolError("a body before the header fields");
    exchange.octets += HEADER + length;
    if ((flags & FLAG.endStream) !== 0) this.#finish(exchange, true);
    else if (exchange.octets > WINDOW / 2) this.#cancelTooLarge(exchange);
  }

  /** The window of a stream is not extended: no response of a run is so large. */
  #cancelTooLarge(exchange: Exchange): void {
    this.#reset(exchange.stream);
    this.#remove(exchange);
    this.#events.onOutcome(exchange, { kind: "failed", code: "too-large" });
  }

  #finish(exchange: Exchange, isFinal: boolean): void {
    if (!isFinal) throw new ProtocolError("an interim response that ends the stream");
    // The target may respond before it has read the body; the rest of that is not sent (RFC 9113 section 8.1).
    if (this.#unsent.has(exchange)) this.#reset(exchange.stream);
    this.#remove(exchange);
    this.#events.onOutcome(exchange, outcomeOf(exchange));
  }

  #remove(exchange: Exchange): void {
    this.#exchanges.delete(exchange.stream);
    if (this.#unsent.size > 0) this.#unsent.delete(exchange);
  }

  #reset(stream: number): void {
    this.#output.add(frame(TYPE.reset, 0, stream, uint32(CODE.cancel)));
  }

  #onReset(bytes: Buffer, at: number, length: number, stream: number): void {
    if (length !== 4) throw new ProtocolError("RST_STREAM of another length");
    const exchange = this.#exchangeOf(stream);
    if (exchange === undefined) return;
    this.#remove(exchange);
    this.#events.onOutcome(exchange, bytes.readUInt32BE(at) === CODE.refused ? REFUSED : RESET);
  }

  #onSettings(bytes: Buffer, at: number, length: number, flags: number, stream: number): void {
    if (stream !== 0 || length % 6 !== 0) throw new ProtocolError("SETTINGS that are malformed");
    if ((flags & FLAG.ack) !== 0) return;
    for (let entry = at; entry < at + length; entry += 6) {
      this.#set(bytes.readUInt16BE(entry), bytes.readUInt32BE(entry + 2));
    }
    this.#output.add(frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(0)));
    this.#sendBodies();
  }

  #set(id: number, value: number): void {
    if (id === SETTING.streams) this.#maxStreams = value;
    else if (id === SETTING.frameSize) this.#maxFrame = value;
    else if (id === SETTING.window) {
      if (value > MAX_31_BITS) throw new ProtocolError("a window that is too large");
      // The change applies to open streams, whose windows can become negative (RFC 9113 section 6.9.2).
      for (const exchange of this.#exchanges.values()) exchange.window += value - this.#streamWindow;
      this.#streamWindow = value;
    }
  }

  #onPing(bytes: Buffer, at: number, length: number, flags: number): void {
    if (length !== 8) throw new ProtocolError("PING of another length");
    if ((flags & FLAG.ack) !== 0 || this.#output.length > MAX_UNWRITTEN) return;
    this.#output.add(frame(TYPE.ping, FLAG.ack, 0, bytes.subarray(at, at + length)));
  }

  #onWindow(bytes: Buffer, at: number, length: number, stream: number): void {
    const increment = length === 4 ? bytes.readUInt32BE(at) & MAX_31_BITS : 0;
    if (increment === 0) throw new ProtocolError("WINDOW_UPDATE that is malformed");
    if (stream === 0) this.#window += increment;
    else {
      const exchange = this.#exchangeOf(stream);
      if (exchange !== undefined) exchange.window += increment;
    }
    if (this.#unsent.size > 0) this.#sendBodies();
  }

  /** The target processes no streams above the last one that it names; the others still get their responses. */
  #onGoaway(bytes: Buffer, at: number, length: number): void {
    if (length < 8) throw new ProtocolError("GOAWAY that is malformed");
    const last = bytes.readUInt32BE(at) & MAX_31_BITS;
    this.#retire();
    for (const exchange of [...this.#exchanges.values()]) {
      if (exchange.stream <= last) continue;
      this.#remove(exchange);
      this.#events.onOutcome(exchange, GONE);
    }
  }

  /** Opens no more streams, and closes when those that are open have ended. */
  #retire(): void {
    this.isSpent = true;
    this.#isGoing = true;
  }

  oldest(): Exchange | undefined {
    return this.#exchanges.values().next().value;
  }

  cancel(exchange: Exchange): void {
    this.#reset(exchange.stream);
    this.#remove(exchange);
    if (this.#isGoing && this.#exchanges.size === 0) this.#end(() => GONE);
  }

  onClose(socket: Bun.Socket, error: Error | undefined): void {
    if (socket !== this.#socket) return;
    const code = error === undefined ? "closed" : errorCode(error);
    this.#events.onRead(() => undefined);
    this.#end((exchange) => closedOutcome(exchange, code));
    this.#events.onTurnEnd();
  }

  /** Closes it, with these outcomes of its requests. */
  #end(outcome: (exchange: Exchange) => ReturnType<typeof closedOutcome>): void {
    const exchanges = [...this.#exchanges.values()];
    this.close();
    for (const exchange of exchanges) this.#events.onOutcome(exchange, outcome(exchange));
    this.#events.onClosed();
  }

  close(): void {
    this.isSpent = true;
    this.#exchanges.clear();
    this.#unsent.clear();
    // The field is cleared first, because `end` can call the close handler before it returns.
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end();
  }
}
