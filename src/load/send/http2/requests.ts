/** The outgoing direction of an HTTP/2 connection: requests, whose bodies the flow control may hold back, and other frames. */
import { ProtocolError } from "../http/head.ts";
import type { Exchange } from "../streams/connection.ts";
import {
  CODE,
  FIRST_WINDOW,
  FLAG,
  frame,
  HEADER,
  MAX_31_BITS,
  MAX_PAYLOAD,
  TYPE,
  uint32,
  writeHeader,
} from "./frames.ts";
import { Output } from "./output.ts";
import type { PreparedRequest } from "./request.ts";

/** While this many octets wait to be written, no more streams are opened, and no more octets of bodies are added. */
const MAX_UNWRITTEN = 1 << 18;

/** Adds requests and other frames to what is to be written. */
export class Requests {
  readonly #prepared: PreparedRequest;
  readonly #body: Uint8Array;
  readonly #output = new Output();
  /** Those whose body is not completely passed on. */
  readonly #unsent = new Set<Exchange>();
  /** Octets that the target accepts: on a new stream, and on the connection. */
  #streamWindow = FIRST_WINDOW;
  #window = FIRST_WINDOW;
  #maxFrame = MAX_PAYLOAD;
  /** The id of the next stream. */
  next = 1;

  constructor(prepared: PreparedRequest) {
    this.#prepared = prepared;
    this.#body = prepared.request.body;
  }

  /** Whether so much waits to be written that no stream can be opened. */
  get isFull(): boolean {
    return this.#output.length > MAX_UNWRITTEN;
  }

  /** Whether there are ids for more streams. */
  get hasIds(): boolean {
    return this.next < MAX_31_BITS;
  }

  /** Adds a request in the next stream; returns its octets, with the headers of its frames. */
  add(exchange: Exchange): number {
    const { frames, idsAt } = exchange.ofRun ? this.#prepared.ofRun : this.#prepared.ofWarmUp;
    const stream = this.next;
    this.next += 2;
    exchange.stream = stream;
    exchange.window = this.#streamWindow;
    const at = this.#output.extend(frames.length);
    this.#output.bytes.set(frames, at);
    for (const idAt of idsAt) this.#output.bytes.writeUInt32BE(stream, at + idAt);
    if (this.#body.length === 0) return frames.length;
    this.#addBody(exchange);
    return frames.length + HEADER + this.#body.length;
  }

  /** Adds as much of the body as the windows allow. */
  #addBody(exchange: Exchange): void {
    const { length } = this.#body;
    while (exchange.bodySent < length && !this.isFull) {
      const left = length - exchange.bodySent;
      const count = Math.min(left, exchange.window, this.#window, this.#maxFrame);
      if (count <= 0) break;
      this.#addPart(exchange, count, count === left ? FLAG.endStream : 0);
    }
    if (exchange.bodySent < length) this.#unsent.add(exchange);
    else this.forget(exchange);
  }

  #addPart(exchange: Exchange, count: number, flags: number): void {
    const from = exchange.bodySent;
    const at = this.#output.extend(HEADER + count);
    writeHeader(this.#output.bytes, at, count, TYPE.data, flags, exchange.stream);
    this.#output.bytes.set(
      count === this.#body.length ? this.#body : this.#body.subarray(from, from + count),
      at + HEADER,
    );
    exchange.bodySent += count;
    exchange.window -= count;
    this.#window -= count;
  }

  /** Adds what the windows now allow of bodies. */
  resume(): void {
    for (const exchange of this.#unsent) this.#addBody(exchange);
  }

  /** Sends no more of the request's body; returns whether a part of it is unsent. */
  forget(exchange: Exchange): boolean {
    return this.#unsent.size > 0 && this.#unsent.delete(exchange);
  }

  /** Adds RST_STREAM. */
  cancel(exchange: Exchange): void {
    this.forget(exchange);
    this.addFrame(frame(TYPE.reset, 0, exchange.stream, uint32(CODE.cancel)));
  }

  addFrame(bytes: Uint8Array): void {
    this.#output.add(bytes);
  }

  /** The target accepts `increment` more octets: of a request, or on the connection. */
  extendWindow(increment: number, exchange?: Exchange): void {
    if (exchange === undefined) this.#window += increment;
    else exchange.window += increment;
  }

  /** The target sets the window of streams, also of open ones, whose windows can become negative (RFC 9113 section 6.9.2). */
  setWindow(value: number, open: Iterable<Exchange>): void {
    if (value > MAX_31_BITS) throw new ProtocolError("a window that is too large");
    for (const exchange of open) exchange.window += value - this.#streamWindow;
    this.#streamWindow = value;
  }

  setMaxFrame(value: number): void {
    this.#maxFrame = Math.max(MAX_PAYLOAD, value);
  }

  writeTo(socket: Pick<Bun.Socket, "write">): void {
    this.#output.writeTo(socket);
  }
}
