/** The opening of one connection: TCP, then TLS and a prologue of the protocol where it has them. */
import { isIP } from "node:net";
import { errorCode } from "../measure/error-code.ts";
import type { HandshakeKind } from "../measure/handshake-kinds.ts";
import type { ConnectorSettings, Prologue, SocketOwner } from "./socket-owner.ts";
import { handshakeError, isCertificateError, noCommonProtocol, openingError } from "./tls-errors.ts";
import { tlsOptions } from "./trust.ts";

/** What the target sent for resuming the TLS session of a connection. */
export interface TlsSession {
  ticket: Buffer | undefined;
}

/** The steps of opening, as errors name them. */
const STEPS = {
  tcp: "connection attempt",
  tls: "TLS handshake",
  prologue: "handshake of the protocol",
} as const;

/** The step of a connection. */
type Step = keyof typeof STEPS | "open" | "failed";

/** One connection, from its first octet until it is open. Then its events go to the owner. */
export class Opening {
  readonly #settings: ConnectorSettings;
  readonly #owner: SocketOwner;
  readonly #session: TlsSession;
  readonly #patienceMs: number;
  readonly #result = Promise.withResolvers<void>();
  #step: Step = "tcp";
  #isLate = false;
  #timer: Timer | undefined;
  /** When the present step began, monotonic ms. */
  #startedAt = 0;
  #prologue: Prologue | undefined;

  constructor(settings: ConnectorSettings, owner: SocketOwner, session: TlsSession, patienceMs: number) {
    this.#settings = settings;
    this.#owner = owner;
    this.#session = session;
    this.#patienceMs = patienceMs;
  }

  open(): Promise<void> {
    const { endpoint, clock } = this.#settings;
    this.#startedAt = clock.now();
    // The kernel itself would retry for minutes if the address does not respond.
    this.#startTimer();
    const tls = this.#tlsOptions();
    const { address: hostname, port } = endpoint;
    Bun.connect({ hostname, port, ...(tls && { tls }), socket: this.#handlers() }).catch((error: unknown) =>
      this.#fail(error),
    );
    return this.#result.promise;
  }

  /** An address is no server name (RFC 6066 section 3); with an empty name the runtime sends none and checks the address. */
  #tlsOptions(): Bun.TLSOptions | undefined {
    const { tls, alpn, endpoint } = this.#settings;
    if (tls === undefined) return undefined;
    const serverName = isIP(endpoint.hostname) === 0 ? endpoint.hostname : "";
    const offered = alpn === undefined ? {} : { ALPNProtocols: Buffer.from([alpn.length, ...Buffer.from(alpn)]) };
    return { ...tlsOptions(tls), serverName, ...offered };
  }

  #handlers(): Bun.SocketHandler<undefined> {
    const owner = this.#owner;
    return {
      open: (socket) => this.#onConnected(socket),
      handshake: (socket, success, error) => this.#onHandshake(socket, success, error),
      // bun-types does not declare it; its argument is a session to offer on a later connection.
      ...{
        session: (_socket: Bun.Socket, ticket: Buffer) => {
          this.#session.ticket = Buffer.from(ticket);
        },
      },
      data: (socket, data) => {
        if (this.#step === "open") owner.onData(socket, data);
        else this.#onPrologue(socket, data);
      },
      drain: (socket) => {
        if (this.#step === "open") owner.onDrain(socket);
      },
      close: (socket, error) => this.#onClose(socket, error),
      error: (socket, error) => {
        this.#onClose(socket, error);
        socket.terminate();
      },
      connectError: () => undefined, // the promise rejects too
    };
  }

  #startTimer(socket?: Bun.Socket): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onTimeout(socket), this.#patienceMs);
  }

  /** A connection attempt goes on, because the target may respond after this time. Later steps are given up. */
  #onTimeout(socket: Bun.Socket | undefined): void {
    if (this.#step === "open" || this.#step === "failed") return;
    const error = openingError(`no response to the ${STEPS[this.#step]} within ${this.#patienceMs} ms`, "ETIMEDOUT");
    if (socket !== undefined) {
      this.#fail(error, socket);
      return;
    }
    this.#isLate = true;
    this.#result.reject(error);
  }

  #onConnected(socket: Bun.Socket): void {
    this.#record("tcp", false);
    socket.setNoDelay(true);
    if (this.#settings.tls === undefined) {
      this.#onSecured(socket);
      return;
    }
    this.#step = "tls";
    this.#startTimer(socket);
    if (this.#session.ticket !== undefined) socket.setSession(this.#session.ticket);
  }

  /** Without verification the runtime reports what is wrong with the certificate, and the connection can be used. */
  #onHandshake(socket: Bun.Socket, success: boolean, error: Error | null): void {
    if (this.#step !== "tls") return;
    const { tls, alpn, requiresAlpn = false } = this.#settings;
    if (!success && !(tls?.verify === false && isCertificateError(error))) {
      this.#fail(handshakeError(error), socket);
    } else if (alpn !== undefined && requiresAlpn && socket.alpnProtocol !== alpn) {
      this.#fail(noCommonProtocol(alpn), socket);
    } else {
      this.#record("tls", socket.isSessionReused());
      this.#onSecured(socket);
    }
  }

  /** Records how long the present step took; the next one starts now. */
  #record(kind: HandshakeKind, resumed: boolean): void {
    const now = this.#settings.clock.now();
    this.#settings.recorder.handshakes.record(kind, now - this.#startedAt, resumed);
    this.#startedAt = now;
  }

  #onSecured(socket: Bun.Socket): void {
    this.#prologue = this.#settings.makePrologue?.();
    if (this.#prologue === undefined) {
      this.#onReady(socket);
      return;
    }
    this.#step = "prologue";
    this.#startTimer(socket);
    // The first write on a new connection: the kernel's buffer is empty, so it accepts all octets.
    socket.write(this.#prologue.request);
  }

  #onPrologue(socket: Bun.Socket, data: Buffer): void {
    if (this.#step !== "prologue") return;
    try {
      const used = this.#prologue?.read(data);
      if (used === undefined) return;
      this.#onReady(socket);
      if (used < data.length) this.#owner.onData(socket, data.subarray(used));
    } catch (error) {
      this.#fail(error, socket);
    }
  }

  #onReady(socket: Bun.Socket): void {
    clearTimeout(this.#timer);
    this.#step = "open";
    this.#owner.onOpen(socket, this.#isLate);
    this.#result.resolve();
  }

  #onClose(socket: Bun.Socket, error: Error | undefined): void {
    if (this.#step === "open") {
      this.#owner.onClose(socket, error);
      return;
    }
    const closed = openingError(`the target closed the connection in the ${this.#stepName}`, "ECONNRESET");
    this.#fail(this.#step === "tls" || error === undefined ? closed : error, socket);
  }

  get #stepName(): string {
    return this.#step === "tls" || this.#step === "prologue" ? STEPS[this.#step] : STEPS.tcp;
  }

  #fail(error: unknown, socket?: Bun.Socket): void {
    if (this.#step === "open" || this.#step === "failed") return;
    if (this.#step === "tls") this.#onTlsFailure(error);
    this.#step = "failed";
    clearTimeout(this.#timer);
    this.#result.reject(error);
    socket?.terminate();
  }

  #onTlsFailure(error: unknown): void {
    const { recorder, tls } = this.#settings;
    recorder.handshakes.failed(errorCode(error));
    tls?.renew?.();
  }
}
