/** The client for STAMP packets on connections: TCP, TLS, WebSocket. Many packets are in flight on each connection. */
import { errorCode } from "../../measure/error-code.ts";
import type { Recorder } from "../../measure/recorder.ts";
import type { Client, ClientSettings } from "../client.ts";
import { openingPatience, RETRY_MS, unreachable } from "../connect.ts";
import { PollTimes } from "../poll-times.ts";
import { FramedConnection, type StreamKind } from "./framed-connection.ts";

/** Error code of each packet that was sent on a connection after the last answered one, when the connection closed. */
export const CUT_OFF = "cut-off";
/** Error code of each packet for which there was no connection within the timeout. */
export const NO_CONNECTION = "no-connection";

/** Sends STAMP packets on a fixed number of connections, in turn. */
export class StreamClient implements Client {
  readonly #settings: ClientSettings;
  readonly #kind: StreamKind;
  readonly #connections: FramedConnection[] = [];
  /** Connections with packets since the last flush, each once for each packet. */
  readonly #written: FramedConnection[] = [];
  readonly localPorts = new Set<number>();
  readonly #polls = new PollTimes();
  #recorder: Recorder;
  #ssid: number;
  #next = 0;
  #isClosed = false;
  lastArrival = 0;

  constructor(settings: ClientSettings, kind: StreamKind) {
    this.#settings = settings;
    this.#kind = kind;
    this.#recorder = settings.recorder;
    this.#ssid = settings.ssid;
  }

  async open(): Promise<void> {
    for (let index = 0; index < this.#settings.connections && !this.#isClosed; index++) {
      const connection = this.#newConnection();
      this.#connections.push(connection);
      await this.#connect(connection, openingPatience(this.#settings.timeoutMs));
    }
  }

  #newConnection(): FramedConnection {
    const connection: FramedConnection = new FramedConnection(this.#settings, this.#kind, {
      onOpen: (socket) => this.#onOpen(connection, socket),
      onData: (socket, data) => this.#onData(connection, socket, data),
      onDrain: () => this.#onDrain(connection),
      onClose: (socket, error) => this.#onClose(connection, socket, error && errorCode(error)),
    });
    return connection;
  }

  async #connect(connection: FramedConnection, patienceMs: number): Promise<void> {
    connection.connecting = true;
    try {
      await connection.connect(patienceMs);
    } catch (error) {
      throw unreachable(this.#settings.endpoint, error);
    } finally {
      connection.connecting = false;
    }
  }

  /** A socket that opens late is used, unless another one was opened in the meantime. */
  #onOpen(connection: FramedConnection, socket: Bun.Socket): void {
    if (this.#isClosed || connection.socket !== undefined) {
      socket.end();
      return;
    }
    this.localPorts.add(socket.localPort);
    connection.attach(socket, this.#settings.clock.now());
  }

  #onData(connection: FramedConnection, socket: Bun.Socket, data: Buffer): void {
    if (socket !== connection.socket) return;
    const now = this.#settings.clock.now();
    this.lastArrival = now;
    const end = connection.receive(data, now, this.#polls, this.#recorder);
    if (end !== undefined) {
      connection.end();
      this.#lose(connection, end);
    }
    this.#settings.onCapacity();
  }

  #onDrain(connection: FramedConnection): void {
    connection.flush();
    this.#settings.onCapacity();
  }

  #onClose(connection: FramedConnection, socket: Bun.Socket, code = "closed"): void {
    if (!this.#isClosed && socket === connection.socket) this.#lose(connection, code);
  }

  /** Counts the packets in flight as lost. The next opening starts another session. */
  #lose(connection: FramedConnection, code: string): void {
    this.#recorder.countError(code);
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

  #reconnect(connection: FramedConnection, now: number): void {
    connection.retryAt = now + RETRY_MS;
    this.#connect(connection, this.#settings.timeoutMs).then(
      () => (this.#isClosed ? connection.end() : this.#settings.onCapacity()),
      (error: unknown) => this.#recorder.countError(errorCode(error)),
    );
  }

  restart(recorder: Recorder, ssid: number): void {
    this.#recorder = recorder;
    this.#ssid = ssid;
    for (const { session } of this.#connections) session.restart(recorder, ssid);
  }

  finish(): void {
    // After answers in frames, a part of one is an answer that has not arrived in time.
    const isFramed = this.#recorder.counts.answered + this.#recorder.counts.late > 0;
    for (const { session, unfinished } of this.#connections) {
      if (unfinished !== undefined && !isFramed) this.#recorder.countError(unfinished);
      session.finish();
    }
  }

  get pending(): number {
    return this.#recorder.pending;
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.end();
  }
}
