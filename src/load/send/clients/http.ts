/** HTTP/1.1 on bare sockets: the request is prepared once and written again and again. */
import { errorCode } from "../../measure/error-code.ts";
import { type ClientSettings, connected } from "./client.ts";
import { ProtocolError, ResponseReader } from "./http-response.ts";
import { LaneClient, type LaneEvents, type LaneOutcome, type Transport } from "./one-at-a-time.ts";

/** What each request is. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** Header fields in order, without those that the client writes itself unless named here. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly keepAlive: boolean;
  /** Whether a TLS certificate has to be trusted. */
  readonly verify: boolean;
}

/** A JSON body of `size` octets, or of the least that JSON needs: what `POST /` of the lab takes. */
export function jsonBody(size: number): Buffer {
  const frame = '{"message":"';
  const fill = Math.max(0, size - frame.length - 2);
  return Buffer.from(`${frame}${"Hello HTTP ".repeat(Math.ceil(fill / 11)).slice(0, fill)}"}`);
}

/** The octets of a request. */
export function requestBytes(request: HttpRequest): Buffer {
  const named = new Set(request.headers.map(([name]) => name.toLowerCase()));
  const lines = [`${request.method} ${request.url.pathname}${request.url.search} HTTP/1.1`];
  const add = (name: string, value: string) => {
    if (!named.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  };
  add("Host", request.url.host);
  add("User-Agent", "wirelab-load");
  add("Accept", "*/*");
  if (!request.keepAlive) add("Connection", "close");
  if (request.body.length > 0 || request.method === "POST" || request.method === "PUT") {
    add("Content-Type", "application/json");
    add("Content-Length", String(request.body.length));
  }
  for (const [name, value] of request.headers) lines.push(`${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), request.body]);
}

/** What one complete response means for the ledger. */
export function outcomeOf(reader: ResponseReader): LaneOutcome {
  if (reader.status === 503 && reader.fate !== "none") {
    return { kind: "dropped", direction: reader.fate === "dropped-up" ? "up" : "down", status: reader.status };
  }
  const kind = reader.status >= 200 && reader.status < 300 ? "answered" : "failed";
  return { kind, status: reader.status, serverMs: reader.serverMs };
}

/** One HTTP connection. */
class HttpTransport implements Transport {
  readonly #settings: ClientSettings;
  readonly #request: HttpRequest;
  readonly #bytes: Buffer;
  readonly #events: LaneEvents;
  readonly #reader: ResponseReader;
  #socket: Bun.Socket | undefined;
  #unwritten: Buffer | undefined;
  #octets = 0;
  usable = false;

  constructor(settings: ClientSettings, request: HttpRequest, bytes: Buffer, events: LaneEvents) {
    this.#settings = settings;
    this.#request = request;
    this.#bytes = bytes;
    this.#events = events;
    this.#reader = new ResponseReader(request.method === "HEAD");
  }

  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }

  async connect(): Promise<void> {
    const { endpoint, timeoutMs } = this.#settings;
    const { address, port, hostname } = endpoint;
    const { url, verify } = this.#request;
    const secure = url.protocol === "https:";
    const ready = Promise.withResolvers<void>();
    // It is awaited only once the connection is there; a failure before that is told by the connection itself.
    ready.promise.catch(() => undefined);
    const connecting = Bun.connect({
      hostname: address,
      port,
      ...(secure ? { tls: { rejectUnauthorized: verify, serverName: hostname } } : {}),
      socket: {
        open: () => {
          if (!secure) ready.resolve();
        },
        handshake: (_socket, success, error) => {
          if (verify && error !== null) ready.reject(error);
          else if (success || !verify) ready.resolve();
          else ready.reject(Object.assign(new Error("the TLS handshake failed"), { code: "TLS" }));
        },
        data: (socket, data) => this.#received(socket, data),
        drain: () => this.#drain(),
        close: (socket, error) => {
          ready.reject(error ?? Object.assign(new Error("closed"), { code: "ECONNRESET" }));
          this.#ended(socket, error);
        },
        error: (_socket, error) => ready.reject(error),
        connectError: () => undefined,
      },
    });
    const opened = await connected(connecting, timeoutMs, (late) => late.end());
    await connected(ready.promise, timeoutMs, () => undefined).catch((error: unknown) => {
      opened.terminate();
      throw error;
    });
    opened.setNoDelay(true);
    this.#socket = opened;
    this.usable = true;
  }

  write(): number {
    this.#reader.reset();
    this.#octets = 0;
    const written = this.#socket?.write(this.#bytes) ?? 0;
    if (written < this.#bytes.length) this.#unwritten = this.#bytes.subarray(Math.max(0, written));
    return this.#bytes.length;
  }

  #drain(): void {
    if (this.#unwritten === undefined) return;
    const written = Math.max(0, this.#socket?.write(this.#unwritten) ?? 0);
    this.#unwritten = written < this.#unwritten.length ? this.#unwritten.subarray(written) : undefined;
  }

  #received(socket: Bun.Socket, data: Buffer): void {
    if (socket !== this.#socket) return;
    this.#octets += data.length;
    try {
      if (this.#reader.feed(data)) this.#complete();
    } catch (error) {
      // What came is not HTTP: the connection cannot be read any further.
      this.#drop();
      this.#events.gone({ kind: "corrupt", code: error instanceof ProtocolError ? "not-http" : errorCode(error) });
    }
  }

  #complete(): void {
    const outcome = outcomeOf(this.#reader);
    // An answer that came before the whole request had gone leaves the connection in the middle of that request.
    if (this.#reader.closes || !this.#request.keepAlive || this.#unwritten !== undefined) this.#drop();
    this.#events.done(outcome, this.#octets);
  }

  #ended(socket: Bun.Socket, error: Error | undefined): void {
    if (socket !== this.#socket) return;
    this.#drop();
    if (error === undefined && this.#reader.end()) {
      this.#events.done(outcomeOf(this.#reader), this.#octets);
    } else this.#events.gone({ kind: "failed", code: error === undefined ? "closed" : errorCode(error) });
  }

  #drop(): void {
    this.usable = false;
    this.#unwritten = undefined;
    // Forgotten first: ending a socket can call its close handler before it returns.
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end();
  }

  close(): void {
    this.#drop();
  }
}

/** The session sender of HTTP. */
export function httpClient(settings: ClientSettings, request: HttpRequest): LaneClient {
  const bytes = requestBytes(request);
  return new LaneClient(settings, (events) => new HttpTransport(settings, request, bytes, events), !request.keepAlive);
}
