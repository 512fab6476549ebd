/** The incoming direction of an HTTP/2 connection: the frames of responses, and the outcomes of their requests. */
import { outcomeOf } from "../http/fields.ts";
import { ProtocolError } from "../http/head.ts";
import type { Outcome } from "../serial/connection.ts";
import { type Exchange, REFUSED, RESET, type StreamEvents } from "../streams/connection.ts";
import { CODE, FLAG, frame, HEADER, TYPE, uint32, unpadded } from "./frames.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import type { OpenStreams } from "./open-streams.ts";
import { WINDOW } from "./preface.ts";
import type { Requests } from "./requests.ts";

/** The outcome of a response that is larger than the window of a stream allows. */
const TOO_LARGE: Outcome = Object.freeze({ kind: "failed", code: "too-large" });
/** The window of the connection is extended after this many octets of bodies. */
const UPDATE_AFTER = 1 << 24;

/** Reads responses. */
export class Responses {
  readonly #requests: Requests;
  readonly #exchanges: OpenStreams;
  readonly #events: Pick<StreamEvents, "onOutcome">;
  readonly #blocks = new HeaderBlocks();
  /** Octets of bodies since the window was extended. */
  #received = 0;

  /** @param exchanges the requests without an outcome */
  constructor(requests: Requests, exchanges: OpenStreams, events: Pick<StreamEvents, "onOutcome">) {
    this.#requests = requests;
    this.#exchanges = exchanges;
    this.#events = events;
  }

  /** Reads a frame; returns false if it is of a type that responses do not have. Throws a ProtocolError. */
  read(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): boolean {
    if (this.#blocks.isOpen !== (type === TYPE.continuation)) throw new ProtocolError("an incomplete header block");
    if (type === TYPE.headers || type === TYPE.continuation) this.#onHeaders(bytes, at, length, type, flags, stream);
    else if (type === TYPE.data) this.#onBody(bytes, at, length, flags, stream);
    else if (type === TYPE.reset) this.#onReset(bytes, at, length, stream);
    else return false;
    return true;
  }

  /** The request of a stream; undefined if it has an outcome. Throws a ProtocolError for a stream that was not opened. */
  exchangeOf(stream: number): Exchange | undefined {
    const exchange = this.#exchanges.get(stream);
    if (exchange === undefined && ((stream & 1) === 0 || stream >= this.#requests.next)) {
      throw new ProtocolError("a frame of a stream that was not opened");
    }
    return exchange;
  }

  /** Extends the window of the connection by the octets of bodies that were received. */
  updateWindow(): void {
    if (this.#received < UPDATE_AFTER) return;
    this.#requests.addFrame(frame(TYPE.window, 0, 0, uint32(this.#received)));
    this.#received = 0;
  }

  #onHeaders(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
    const exchange = this.exchangeOf(stream);
    const statusBefore = exchange?.status ?? 0;
    const isTrailer = statusBefore >= 200;
    const isComplete = this.#blocks.read(bytes, at, length, type, flags, stream, exchange);
    if (exchange === undefined) return;
    exchange.octets += HEADER + length;
    if (!isComplete) return;
    const { endsStream } = this.#blocks;
    const { status } = exchange;
    // Fields after a body end the stream; an interim response does not.
    const isValid =
      status !== 0 && (endsStream ? status >= 200 : !isTrailer) && (!isTrailer || status === statusBefore);
    if (!isValid) throw new ProtocolError("header fields that are no response");
    if (endsStream) this.#answer(exchange);
  }

  #onBody(bytes: Buffer, at: number, length: number, flags: number, stream: number): void {
    if ((flags & FLAG.padded) !== 0) unpadded(bytes, at, length, flags);
    this.#received += length;
    const exchange = this.exchangeOf(stream);
    if (exchange === undefined) return;
    if (exchange.status < 200) throw new ProtocolError("a body before the header fields");
    exchange.octets += HEADER + length;
    if ((flags & FLAG.endStream) !== 0) this.#answer(exchange);
    else if (exchange.octets > WINDOW / 2) this.#refuse(exchange);
  }

  /** The windows of streams are not extended: no response of a run is so large. */
  #refuse(exchange: Exchange): void {
    this.#requests.cancel(exchange);
    this.finish(exchange, TOO_LARGE);
  }

  /** A response is complete. The rest of its request, if there is one, is not sent (RFC 9113 section 8.1). */
  #answer(exchange: Exchange): void {
    if (this.#requests.forget(exchange)) this.#requests.cancel(exchange);
    this.finish(exchange, outcomeOf(exchange));
  }

  /** The request has an outcome; its stream is closed. */
  finish(exchange: Exchange, outcome: Outcome): void {
    this.#exchanges.delete(exchange.stream);
    this.#requests.forget(exchange);
    this.#events.onOutcome(exchange, outcome);
  }

  #onReset(bytes: Buffer, at: number, length: number, stream: number): void {
    if (length !== 4) throw new ProtocolError("RST_STREAM of another length");
    const exchange = this.exchangeOf(stream);
    if (exchange !== undefined) this.finish(exchange, bytes.readUInt32BE(at) === CODE.refused ? REFUSED : RESET);
  }
}
