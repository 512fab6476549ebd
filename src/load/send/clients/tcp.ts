/** TCP in STAMP mode: many packets at once on a connection, each in a frame, told apart by their numbers. */
import { FRAME_HEADER_LENGTH, FrameReader, FrameWriter, STAMP_PREFACE } from "../../../stamp/frames.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { type Client, type ClientSettings, connected, unreachable } from "./client.ts";
import { SenderSession } from "./session.ts";

/** Octets that may wait for the kernel on one connection. */
const WRITE_BUFFER = 256 * 1024;
const LEAST_FRAMES = 4;
/** Frames of every length are read, because a foreign reflector may shorten its packets. */
const ANY_LENGTH = 0;
/** A connection that was refused or cut is tried again after this. */
const RETRY_MS = 100;

/** The error of a peer that answered, but not in whole frames. */
export const UNFRAMED = "not-framed";

/** One connection with its session; a new connection is a new session, since its source port is another. */
class TcpFlow {
  readonly session: SenderSession;
  readonly writer: FrameWriter;
  reader = new FrameReader(ANY_LENGTH);
  socket: Bun.Socket | undefined;
  connecting = false;
  retryAt = 0;
  /** Octets of the preface that an echo sends back, still to be matched; 0 after the first octet that is not its. */
  prefaceLeft = STAMP_PREFACE.length;
  #now = 0;
  readonly #write = (bytes: Buffer, at: number, length: number) => this.socket?.write(bytes, at, length) ?? 0;
  readonly #answer = (bytes: Buffer, at: number, length: number) =>
    this.session.receive(bytes, this.#now, at + FRAME_HEADER_LENGTH, length);

  constructor(settings: ClientSettings) {
    this.session = new SenderSession({ ...settings, highestRate: settings.highestRate / settings.connections });
    const frames = Math.max(LEAST_FRAMES, Math.floor(WRITE_BUFFER / (settings.size + FRAME_HEADER_LENGTH)));
    this.writer = new FrameWriter(this.session.newPacket(), frames);
  }

  get hasRoom(): boolean {
    return this.socket !== undefined && this.writer.hasCapacity && this.session.hasRoom;
  }

  flush(): void {
    if (this.socket === undefined) return;
    const only = this.writer.onlyPacket;
    if (only >= 0) this.session.stampLast(this.writer.bytes, only);
    this.writer.drain(this.#write);
  }

  receive(chunk: Buffer, now: number): void {
    this.#now = now;
    this.reader.read(this.#frames(chunk), this.#answer);
  }

  /** What of `chunk` belongs to frames: without the preface, where an echo sends it back. */
  #frames(chunk: Buffer): Buffer {
    if (this.prefaceLeft === 0) return chunk;
    const expected = STAMP_PREFACE.slice(-this.prefaceLeft);
    const length = Math.min(expected.length, chunk.length);
    // The preface's first octets would be the length of a 21,332-octet frame: no packet that was sent.
    if (chunk.toString("latin1", 0, length) !== expected.slice(0, length)) {
      this.prefaceLeft = 0;
      return chunk;
    }
    this.prefaceLeft -= length;
    return chunk.subarray(length);
  }
}

/** The session sender on TCP. */
export class TcpClient implements Client {
  readonly #settings: ClientSettings;
  readonly #flows: TcpFlow[] = [];
  /** Those that took packets since the last flush, each as often as it did. */
  readonly #written: TcpFlow[] = [];
  readonly localPorts = new Set<number>();
  #recorder: Recorder;
  #ssid: number;
  #turn = 0;
  #closed = false;
  lastArrival = 0;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#recorder = settings.recorder;
    this.#ssid = settings.ssid;
  }

  async open(): Promise<void> {
    for (let index = 0; index < this.#settings.connections; index++) {
      const flow = new TcpFlow(this.#settings);
      this.#flows.push(flow);
      await this.#connect(flow);
    }
  }

  async #connect(flow: TcpFlow): Promise<void> {
    const { endpoint, timeoutMs } = this.#settings;
    const { address, port } = endpoint;
    flow.connecting = true;
    const connecting = Bun.connect({
      hostname: address,
      port,
      socket: {
        open: (socket) => this.#opened(flow, socket),
        data: (socket, data) => this.#received(flow, socket, data),
        drain: () => this.#drained(flow),
        close: (socket, error) => this.#lost(flow, socket, error),
        error: (_socket, error) => this.#recorder.countError(errorCode(error)),
        connectError: () => undefined,
      },
    });
    try {
      // One that opens too late is still good, unless another has taken its place.
      await connected(connecting, timeoutMs, () => undefined);
    } catch (error) {
      throw unreachable(endpoint, error);
    } finally {
      flow.connecting = false;
    }
  }

  #opened(flow: TcpFlow, socket: Bun.Socket): void {
    if (this.#closed || flow.socket !== undefined) {
      socket.end();
      return;
    }
    socket.setNoDelay(true);
    this.localPorts.add(socket.localPort);
    flow.prefaceLeft = STAMP_PREFACE.length;
    flow.reader = new FrameReader(ANY_LENGTH);
    // The first write on a fresh connection: the kernel's buffer is empty, so it takes these 8 octets whole.
    socket.write(STAMP_PREFACE);
    flow.socket = socket;
  }

  #received(flow: TcpFlow, socket: Bun.Socket, data: Buffer): void {
    if (socket !== flow.socket) return;
    const now = this.#settings.clock.now();
    this.lastArrival = now;
    flow.receive(data, now);
    this.#settings.onRoom();
  }

  #drained(flow: TcpFlow): void {
    flow.flush();
    this.#settings.onRoom();
  }

  /** Cut: what waited for an answer is lost, and the next connection is another session. */
  #lost(flow: TcpFlow, socket: Bun.Socket, error: Error | undefined): void {
    if (this.#closed || socket !== flow.socket) return;
    flow.socket = undefined;
    this.#recorder.countError(error === undefined ? "closed" : errorCode(error));
    flow.session.abandon();
    flow.session.restart(this.#recorder, this.#ssid);
    flow.writer.clear();
    flow.retryAt = this.#settings.clock.now();
  }

  send(planned: number, now: number): boolean {
    if (this.pending >= this.#settings.window) return false;
    for (let tries = 0; tries < this.#flows.length; tries++) {
      const flow = this.#flows[this.#turn];
      this.#turn = (this.#turn + 1) % this.#flows.length;
      if (flow === undefined) return false;
      if (!flow.hasRoom) flow.flush();
      if (!flow.hasRoom) continue;
      flow.session.write(flow.writer.bytes, flow.writer.claim(), planned, now);
      this.#written.push(flow);
      return true;
    }
    return false;
  }

  miss(planned: number, now: number): boolean {
    const [flow] = this.#flows;
    if (flow === undefined || this.#flows.some(({ socket }) => socket !== undefined)) return false;
    flow.session.miss(planned, now);
    return true;
  }

  flush(): void {
    for (const flow of this.#written) flow.flush();
    this.#written.length = 0;
  }

  tick(now: number): void {
    for (const flow of this.#flows) {
      flow.flush();
      flow.session.expire(now);
      if (flow.socket === undefined && !flow.connecting && now >= flow.retryAt) this.#reconnect(flow, now);
    }
  }

  #reconnect(flow: TcpFlow, now: number): void {
    flow.retryAt = now + RETRY_MS;
    this.#connect(flow).then(
      () => (this.#closed ? flow.socket?.end() : this.#settings.onRoom()),
      (error: unknown) => this.#recorder.countError(errorCode(error)),
    );
  }

  restart(recorder: Recorder, ssid: number): void {
    this.#recorder = recorder;
    this.#ssid = ssid;
    for (const flow of this.#flows) flow.session.restart(recorder, ssid);
  }

  finish(): void {
    for (const flow of this.#flows) {
      if (flow.reader.unfinished) this.#recorder.countError(UNFRAMED);
      flow.session.closeBooks();
    }
  }

  get pending(): number {
    return this.#recorder.pending;
  }

  bufferDrops(): undefined {
    return undefined;
  }

  close(): void {
    this.#closed = true;
    for (const flow of this.#flows) flow.socket?.end();
  }
}
