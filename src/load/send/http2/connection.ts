/** One HTTP/2 connection (RFC 9113): its opening and end, its streams, and the frames that concern all of them. */
import { dataAgeOf } from "../../../base/receive-times.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { ClientSettings } from "../client.ts";
import { ProtocolError } from "../http/head.ts";
import { Opening, type TlsSession } from "../opening.ts";
import type { Outcome } from "../serial/connection.ts";
import type { ConnectorSettings, SocketOwner } from "../socket-owner.ts";
import { closedOutcome, type Exchange, GONE, type StreamConnection, type StreamEvents } from "../streams/connection.ts";
import { FLAG, FrameReader, frame, MAX_31_BITS, SETTING, TYPE } from "./frames.ts";
import { OpenStreams } from "./open-streams.ts";
import { Preface } from "./preface.ts";
import type { PreparedRequest } from "./request.ts";
import { Requests } from "./requests.ts";
import { Responses } from "./responses.ts";

/** Error code of a target that violates HTTP/2. */
const NOT_HTTP2 = "not-http2";

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
  readonly #keepAlive: boolean;
  readonly #streams: number;
  readonly #events: StreamEvents;
  readonly #preface = new Preface();
  readonly #reader = new FrameReader();
  readonly #requests: Requests;
  readonly #exchanges = new OpenStreams();
  readonly #responses: Responses;
  #socket: Bun.Socket | undefined;
  #waited: () => number | undefined = () => undefined;
  #maxStreams = Number.POSITIVE_INFINITY;
  isSpent = false;

  readonly #onFrame = (bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number) =>
    this.#handle(bytes, at, length, type, flags, stream);

  constructor({ settings, prepared, streams, session }: Http2Settings, events: StreamEvents) {
    this.#opening = { ...settings, alpn: "h2", requiresAlpn: true, makePrologue: () => this.#preface };
    this.#session = session;
    this.#keepAlive = prepared.request.keepAlive;
    this.#streams = streams;
    this.#events = events;
    this.#requests = new Requests(prepared);
    this.#responses = new Responses(this.#requests, this.#exchanges, events);
  }

  connect(patienceMs: number): Promise<void> {
    return new Opening(this.#opening, this, this.#session, patienceMs).open();
  }

  onOpen(socket: Bun.Socket, isLate: boolean): void {
    if (isLate || this.isSpent) return void socket.end();
    this.#socket = socket;
    this.#waited = dataAgeOf(socket);
    this.onData(socket, this.#preface.received);
  }

  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }

  get active(): number {
    return this.#exchanges.size;
  }

  get free(): number {
    if (this.#socket === undefined || this.isSpent || this.#requests.isFull) return 0;
    return Math.max(0, Math.min(this.#streams, this.#maxStreams) - this.#exchanges.size);
  }

  request(exchange: Exchange): number {
    const octets = this.#requests.add(exchange);
    this.#exchanges.add(exchange);
    if (!this.#keepAlive || !this.#requests.hasIds) this.isSpent = true;
    return octets;
  }

  flush(): void {
    if (this.#socket !== undefined) this.#requests.writeTo(this.#socket);
  }

  onDrain(): void {
    this.flush();
    this.#requests.resume();
    this.flush();
    this.#events.onTurnEnd();
  }

  onData(socket: Bun.Socket, data: Buffer): void {
    if (socket !== this.#socket) return;
    this.#events.onRead(this.#waited);
    try {
      this.#reader.read(data, this.#onFrame);
      this.#responses.updateWindow();
    } catch (error) {
      // The rest of the octets cannot be interpreted.
      const code = error instanceof ProtocolError ? NOT_HTTP2 : errorCode(error);
      this.#end(() => ({ kind: "corrupt", code }));
    }
    this.#endIfDone();
    this.#events.onTurnEnd();
    this.flush();
  }

  #handle(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
    if (this.#responses.read(bytes, at, length, type, flags, stream)) return;
    if (type === TYPE.settings) this.#onSettings(bytes, at, length, flags, stream);
    else if (type === TYPE.ping) this.#onPing(bytes, at, length, flags);
    else if (type === TYPE.goaway) this.#onGoaway(bytes, at, length);
    else if (type === TYPE.window) this.#onWindow(bytes, at, length, stream);
    else if (type === TYPE.push) throw new ProtocolError("a pushed response, which the settings exclude");
  }

  #onSettings(bytes: Buffer, at: number, length: number, flags: number, stream: number): void {
    if (stream !== 0 || length % 6 !== 0) throw new ProtocolError("SETTINGS that are malformed");
    if ((flags & FLAG.ack) !== 0) return;
    for (let entry = at; entry < at + length; entry += 6) {
      const value = bytes.readUInt32BE(entry + 2);
      const id = bytes.readUInt16BE(entry);
      if (id === SETTING.streams) this.#maxStreams = value;
      else if (id === SETTING.frameSize) this.#requests.setMaxFrame(value);
      else if (id === SETTING.window) this.#requests.setWindow(value, this.#exchanges.values());
    }
    if (!this.#requests.isFull) this.#requests.addFrame(frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(0)));
    this.#requests.resume();
  }

  #onPing(bytes: Buffer, at: number, length: number, flags: number): void {
    if (length !== 8) throw new ProtocolError("PING of another length");
    if ((flags & FLAG.ack) !== 0 || this.#requests.isFull) return;
    this.#requests.addFrame(frame(TYPE.ping, FLAG.ack, 0, bytes.subarray(at, at + length)));
  }

  #onWindow(bytes: Buffer, at: number, length: number, stream: number): void {
    const increment = length === 4 ? bytes.readUInt32BE(at) & MAX_31_BITS : 0;
    if (increment === 0) throw new ProtocolError("WINDOW_UPDATE that is malformed");
    const exchange = stream === 0 ? undefined : this.#responses.exchangeOf(stream);
    if (stream === 0 || exchange !== undefined) this.#requests.extendWindow(increment, exchange);
    this.#requests.resume();
  }

  /** The target processes no streams above the last one that it names; the others still get their responses. */
  #onGoaway(bytes: Buffer, at: number, length: number): void {
    if (length < 8) throw new ProtocolError("GOAWAY that is malformed");
    const last = bytes.readUInt32BE(at) & MAX_31_BITS;
    this.isSpent = true;
    for (const exchange of [...this.#exchanges.values()])
      if (exchange.stream > last) this.#responses.finish(exchange, GONE);
  }

  oldest(): Exchange | undefined {
    return this.#exchanges.oldest();
  }

  cancel(exchange: Exchange): void {
    this.#requests.cancel(exchange);
    this.#exchanges.delete(exchange.stream);
    this.#endIfDone();
  }

  onClose(socket: Bun.Socket, error: Error | undefined): void {
    if (socket !== this.#socket) return;
    const code = error === undefined ? "closed" : errorCode(error);
    this.#events.onRead(() => undefined);
    this.#end((exchange) => closedOutcome(exchange, code));
    this.#events.onTurnEnd();
  }

  /** Closes a connection that opens no more streams, when those that are open have ended. */
  #endIfDone(): void {
    if (this.isSpent && this.#exchanges.size === 0 && this.#socket !== undefined) this.#end(() => GONE);
  }

  /** Closes it, with these outcomes of its requests. */
  #end(outcomeOfRest: (exchange: Exchange) => Outcome): void {
    const exchanges = [...this.#exchanges.values()];
    this.flush();
    this.close();
    for (const exchange of exchanges) this.#events.onOutcome(exchange, outcomeOfRest(exchange));
    this.#events.onClosed();
  }

  close(): void {
    this.isSpent = true;
    this.#exchanges.clear();
    // The field is cleared first, because `end` can call the close handler before it returns.
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end();
  }
}
