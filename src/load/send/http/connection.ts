/** One HTTP/1.1 connection on a bare socket, with or without TLS: writes the prepared request and reads its response. */
import { dataAgeOf } from "../../../base/receive-times.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { ClientSettings } from "../client.ts";
import { Connector } from "../connector.ts";
import type { ConnectionEvents, SerialConnection } from "../serial/connection.ts";
import type { SocketOwner } from "../socket-owner.ts";
import { outcomeOf } from "./fields.ts";
import { ProtocolError } from "./head.ts";
import type { HttpRequest } from "./request.ts";
import { ResponseReader } from "./response.ts";

/** The name of the protocol in TLS (RFC 7301 section 6). */
const HTTP_1_1 = "http/1.1";

/** The octets of a request of the run, and of one of its warm-up. */
export interface RequestOctets {
  readonly ofRun: Buffer;
  readonly ofWarmUp: Buffer;
}

/** A connection that is opened again after it was closed. */
export class HttpConnection implements SerialConnection, SocketOwner {
  readonly #connector: Connector;
  readonly #request: HttpRequest;
  readonly #ofRun: Buffer;
  readonly #ofWarmUp: Buffer;
  readonly #events: ConnectionEvents;
  readonly #reader: ResponseReader;
  #socket: Bun.Socket | undefined;
  #unwritten: Buffer | undefined;
  #octets = 0;
  #waited: () => number | undefined = () => undefined;
  usable = false;

  /** @param bytes the octets of `request`; only those of the run name its session */
  constructor(settings: ClientSettings, request: HttpRequest, bytes: RequestOctets, events: ConnectionEvents) {
    const tls = request.url.protocol === "https:" ? settings.tls : undefined;
    this.#connector = new Connector({ ...settings, tls, alpn: HTTP_1_1 }, this);
    this.#request = request;
    this.#ofRun = bytes.ofRun;
    this.#ofWarmUp = bytes.ofWarmUp;
    this.#events = events;
    this.#reader = new ResponseReader(request.method === "HEAD");
  }

  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }

  connect(patienceMs: number): Promise<void> {
    return this.#connector.connect(patienceMs);
  }

  onOpen(socket: Bun.Socket, isLate: boolean): void {
    if (isLate) return void socket.end();
    this.#socket = socket;
    this.#waited = dataAgeOf(socket);
    this.usable = true;
  }

  write(_sequence: number, ofRun: boolean): number {
    this.#reader.reset();
    this.#octets = 0;
    const bytes = ofRun ? this.#ofRun : this.#ofWarmUp;
    const written = this.#socket?.write(bytes) ?? 0;
    if (written < bytes.length) this.#unwritten = bytes.subarray(Math.max(0, written));
    return bytes.length;
  }

  onDrain(): void {
    if (this.#unwritten === undefined) return;
    const written = Math.max(0, this.#socket?.write(this.#unwritten) ?? 0);
    this.#unwritten = written < this.#unwritten.length ? this.#unwritten.subarray(written) : undefined;
  }

  onData(socket: Bun.Socket, data: Buffer): void {
    if (socket !== this.#socket) return;
    this.#events.onRead(this.#waited);
    this.#octets += data.length;
    try {
      if (this.#reader.feed(data)) this.#onComplete();
    } catch (error) {
      // The rest of the stream cannot be interpreted.
      this.close();
      this.#events.onClosed({ kind: "corrupt", code: error instanceof ProtocolError ? "not-http" : errorCode(error) });
    }
  }

  #onComplete(): void {
    const outcome = outcomeOf(this.#reader.head);
    // After a response to a request that is only partly written, the connection cannot carry another request.
    if (this.#reader.head.closes || !this.#request.keepAlive || this.#unwritten !== undefined) this.close();
    this.#events.onAnswer(outcome, this.#octets);
  }

  onClose(socket: Bun.Socket, error: Error | undefined): void {
    if (socket !== this.#socket) return;
    this.close();
    if (error === undefined && this.#reader.end()) {
      this.#events.onAnswer(outcomeOf(this.#reader.head), this.#octets);
    } else if (error !== undefined) this.#events.onClosed({ kind: "failed", code: errorCode(error) });
    // A connection that ends in place of a response is a loss, as on plain TCP; within a response it is a failure.
    else this.#events.onClosed({ kind: this.#octets === 0 ? "lost" : "failed", code: "closed" });
  }

  close(): void {
    this.usable = false;
    this.#unwritten = undefined;
    // The field is cleared first, because `end` can call the close handler before it returns.
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end();
  }
}
