/** The TCP client: STAMP frames, with many packets in flight on each connection, or plain text. */
import { errorCode } from "../../measure/error-code.ts";
import type { Recorder } from "../../measure/recorder.ts";
import type { Client, ClientSettings, MakeClient } from "../client.ts";
import { connectWithin, openingPatience, unreachable } from "../connect.ts";
import { PollTimes } from "../poll-times.ts";
import { SerialClient } from "../serial/client.ts";
import { PlainTcpConnection } from "../serial/plain-tcp.ts";
import { TcpConnection, UNFRAMED } from "../stamp/tcp-connection.ts";

/** Error code of each packet that was sent on a connection after the last answered one, when the connection closed. */
export const CUT_OFF = "cut-off";
/** Error code of each packet for which there was no connection within the timeout. */
export const NO_CONNECTION = "no-connection";

/** Time between two attempts to reopen a connection. */
const RETRY_MS = 100;

/** Makes the client of the mode. */
export const makeClient: MakeClient = (settings) =>
  settings.mode === "plain"
    ? new SerialClient(settings, (events) => new PlainTcpConnection(settings, events))
    : new TcpClient(settings);

/** Sends STAMP frames on a fixed number of connections, in turn. */
class TcpClient implements Client {
  readonly #settings: ClientSettings;
  readonly #connections: TcpConnection[] = [];
  /** Connections with packets since the last flush, each once for each packet. */
  readonly #written: TcpConnection[] = [];
  readonly localPorts = new Set<number>();
  readonly #polls = new PollTimes();
  #recorder: Recorder;
  #ssid: number;
  #next = 0;
  #isClosed = false;
  lastArrival = 0;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#recorder = settings.recorder;
    this.#ssid = settings.ssid;
  }

  async open(): Promise<void> {
    for (let index = 0; index < this.#settings.connections; index++) {
      const connection = new TcpConnection(this.#settings);
      this.#connections.push(connection);
      await this.#connect(connection, openingPatience(this.#settings.timeoutMs));
    }
  }

  async #connect(connection: TcpConnection, patienceMs: number): Promise<void> {
    const { endpoint } = this.#settings;
    connection.connecting = true;
    const connecting = Bun.connect({
      hostname: endpoint.address,
      port: endpoint.port,
      socket: {
        open: (socket) => this.#onOpen(connection, socket),
        data: (socket, data) => this.#onData(connection, socket, data),
        drain: () => this.#onDrain(connection),
        close: (socket, error) => this.#onClose(connection, socket, error),
        error: (_socket, error) => this.#recorder.countError(errorCode(error)),
        connectError: () => undefined, // the promise rejects too
      },
    });
    try {
      // A socket that opens later is used, unless another one was opened in the meantime.
      await connectWithin(patienceMs, connecting, () => undefined);
    } catch (error) {
      throw unreachable(endpoint, error);
    } finally {
      connection.connecting = false;
    }
  }

  #onOpen(connection: TcpConnection, socket: Bun.Socket): void {
    if (this.#isClosed || connection.socket !== undefined) {
      socket.end();
      return;
    }
    this.localPorts.add(socket.localPort);
    connection.attach(socket, this.#settings.clock.now());
  }

  #onData(connection: TcpConnection, socket: Bun.Socket, data: Buffer): void {
    if (socket !== connection.socket) return;
    const now = this.#settings.clock.now();
    this.lastArrival = now;
    connection.receive(data, now, this.#polls, this.#recorder);
    this.#settings.onCapacity();
  }

  #onDrain(connection: TcpConnection): void {
    connection.flush();
    this.#settings.onCapacity();
  }

  /** Counts the packets in flight as lost. The next opening starts another session. */
  #onClose(connection: TcpConnection, socket: Bun.Socket, error: Error | undefined): void {
    if (this.#isClosed || socket !== connection.socket) return;
    this.#recorder.countError(error === undefined ? "closed" : errorCode(error));
    for (let left = connection.session.unansweredTail; left > 0; left--) this.#recorder.countError(CUT_OFF);
    connection.session.expireAll();
    connection.session.restart(this.#recorder, this.#ssid);
    connection.detach();
    connection.retryAt = this.#settings.clock.now();
  }

  send(intendedAt: number, now: number): boolean {
    if (this.pending >= this.#settings.window) return false;
    this.#polls.note(now);
    for (let tries = 0; tries < this.#connections.length; tries++) {
      const connection = this.#connections[this.#next];
      this.#next = (this.#next + 1) % this.#connections.length;
      if (connection === undefined) return false;
      if (!connection.hasCapacity) connection.flush();
      if (!connection.hasCapacity) continue;
      connection.add(intendedAt, now);
      this.#written.push(connection);
      return true;
    }
    return false;
  }

  countLost(intendedAt: number, now: number): boolean {
    const [first] = this.#connections;
    if (first === undefined || this.#connections.some(({ socket }) => socket !== undefined)) return false;
    first.session.countLost(intendedAt, now);
    this.#recorder.countError(NO_CONNECTION);
    return true;
  }

  flush(): void {
    for (const connection of this.#written) connection.flush();
    this.#written.length = 0;
  }

  tick(now: number): void {
    for (const connection of this.#connections) {
      connection.flush();
      connection.session.expire(now);
      const { socket, connecting, retryAt } = connection;
      if (socket === undefined && !connecting && now >= retryAt) this.#reconnect(connection, now);
    }
  }

  #reconnect(connection: TcpConnection, now: number): void {
    connection.retryAt = now + RETRY_MS;
    this.#connect(connection, this.#settings.timeoutMs).then(
      () => (this.#isClosed ? connection.socket?.end() : this.#settings.onCapacity()),
      (error: unknown) => this.#recorder.countError(errorCode(error)),
    );
  }

  restart(recorder: Recorder, ssid: number): void {
    this.#recorder = recorder;
    this.#ssid = ssid;
    for (const { session } of this.#connections) session.restart(recorder, ssid);
  }

  finish(): void {
    for (const { session, hasPartialFrame } of this.#connections) {
      if (hasPartialFrame) this.#recorder.countError(UNFRAMED);
      session.finish();
    }
  }

  get pending(): number {
    return this.#recorder.pending;
  }

  bufferDrops(): undefined {
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    for (const { socket } of this.#connections) socket?.end();
  }
}
