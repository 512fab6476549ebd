/** The UDP client: STAMP datagrams, with many packets in flight on each socket, or plain text. */
import { receiveBufferDrops, setReceiveBuffer } from "../../../base/kernel.ts";
import { receiveTimesOf } from "../../../base/receive-times.ts";
import { readOwnTimestamp, STAMP_LENGTH } from "../../../stamp/packet.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { Recorder } from "../../measure/recorder.ts";
import type { Client, ClientSettings, MakeClient } from "../client.ts";
import { unreachable, unspecifiedAddress } from "../connect.ts";
import { PollTimes } from "../poll-times.ts";
import { SerialClient } from "../serial/client.ts";
import { PlainText } from "../serial/plain-text.ts";
import { PlainUdpConnection } from "../serial/plain-udp.ts";
import { ReceiveDelay } from "../stamp/receive-delay.ts";
import { SenderSession } from "../stamp/session.ts";
import { UdpSocket } from "../stamp/udp-socket.ts";

/** Receive buffer of each socket, octets. The kernel's default holds about 256 small datagrams. */
const RECEIVE_BUFFER = 8 * 2 ** 20;
/** Most octets of all receive buffers together. */
const ALL_RECEIVE_BUFFERS = 64 * 2 ** 20;
/** Most sockets of a turn of the event loop whose receive delay is recorded. */
const MAX_READ_SOCKETS = 1024;

/** Makes the client of the mode. */
export const makeClient: MakeClient = (settings) => {
  if (settings.mode !== "plain") return new UdpClient(settings);
  const text = new PlainText("UDP", settings.size);
  return new SerialClient(settings, (events) => new PlainUdpConnection(settings, text, events), { rests: true });
};

/** Sends STAMP datagrams on a fixed number of sockets, in turn. */
class UdpClient implements Client {
  readonly #settings: ClientSettings;
  readonly #sockets: UdpSocket[] = [];
  readonly localPorts = new Set<number>();
  #recorder: Recorder;
  /** The sockets that were read in this turn of the event loop; one may be in it several times. */
  readonly #readSockets: UdpSocket[] = [];
  /** Sockets with packets since the last flush, each once for each packet. */
  readonly #written: UdpSocket[] = [];
  #next = 0;
  #willNotify = false;
  readonly #polls = new PollTimes();
  lastArrival = 0;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#recorder = settings.recorder;
  }

  async open(): Promise<void> {
    const { connections } = this.#settings;
    const buffer = Math.min(RECEIVE_BUFFER, Math.floor(ALL_RECEIVE_BUFFERS / connections));
    for (let index = 0; index < connections; index++) {
      const opened = await this.#openSocket();
      setReceiveBuffer(opened, buffer);
      this.localPorts.add(opened.port);
    }
  }

  async #openSocket(): Promise<Bun.udp.ConnectedSocket<"buffer">> {
    const { connections, endpoint, highestRate } = this.#settings;
    const session = new SenderSession({ ...this.#settings, highestRate: highestRate / connections });
    const countError = (error: unknown) => this.#recorder.countError(errorCode(error));
    const socket = new UdpSocket(session, countError);
    const opened = await Bun.udpSocket({
      hostname: unspecifiedAddress(endpoint.address),
      connect: { hostname: endpoint.address, port: endpoint.port },
      socket: {
        data: (_socket, data) => this.#onData(socket, data),
        // Bun passes the error alone, or the socket and the error: it is the last argument.
        error: (...args: unknown[]) => countError(args.at(-1)),
      },
    }).catch((error: unknown) => {
      throw unreachable(endpoint, error);
    });
    socket.socket = opened;
    const { clock } = this.#settings;
    const receiveTime = receiveTimesOf(opened);
    socket.receiveDelay = new ReceiveDelay(
      clock.now(),
      (now) => clock.wallAt(now) - (receiveTime() ?? Number.POSITIVE_INFINITY),
    );
    this.#sockets.push(socket);
    return opened;
  }

  #onData(socket: UdpSocket, data: Buffer): void {
    const now = this.#settings.clock.now();
    this.lastArrival = now;
    const isAdded = this.#addReceiveDelay(socket, data, now);
    socket.session.receive(data, now);
    if (isAdded) socket.receiveDelay?.processed(this.#recorder);
    // One turn of the event loop later all datagrams that the kernel had are read, and one call can replace them.
    if (this.#willNotify) return;
    this.#willNotify = true;
    setImmediate(this.#afterReading);
  }

  readonly #afterReading = () => {
    this.#willNotify = false;
    for (const read of this.#readSockets) read.receiveDelay?.endTurn(this.#recorder);
    this.#readSockets.length = 0;
    this.#settings.onCapacity();
  };

  /**
   * Notes when a datagram left the target, or this sender if the target is an echo server: both are at octet 4. Returns
   * whether it did.
   */
  #addReceiveDelay(socket: UdpSocket, data: Buffer, now: number): boolean {
    if (data.length < STAMP_LENGTH || this.#readSockets.length >= MAX_READ_SOCKETS) return false;
    socket.receiveDelay?.add(now, readOwnTimestamp(data, 0, 4), this.#polls.polledAt);
    if (this.#readSockets.at(-1) !== socket) this.#readSockets.push(socket);
    return true;
  }

  send(intendedAt: number, now: number): boolean {
    if (this.pending >= this.#settings.window) return false;
    const socket = this.#sockets[this.#next];
    if (socket === undefined) return false;
    if (!socket.hasCapacity) socket.flush();
    if (!socket.hasCapacity) return false;
    this.#polls.note(now);
    socket.add(intendedAt, now);
    this.#written.push(socket);
    this.#next = (this.#next + 1) % this.#sockets.length;
    return true;
  }

  flush(): void {
    for (const socket of this.#written) socket.flush();
    this.#written.length = 0;
  }

  tick(now: number): void {
    for (const socket of this.#sockets) {
      socket.flush();
      // Before they count as lost: a packet that was never sent is not lost.
      socket.refuseOverdue(now);
      socket.session.expire(now);
    }
  }

  restart(recorder: Recorder, ssid: number): void {
    this.#recorder = recorder;
    for (const { session } of this.#sockets) session.restart(recorder, ssid);
  }

  finish(): void {
    for (const socket of this.#sockets) {
      socket.refuseReady();
      socket.session.finish();
    }
  }

  get pending(): number {
    return this.#recorder.pending;
  }

  bufferDrops(): number | undefined {
    return receiveBufferDrops(this.#sockets.flatMap(({ socket }) => socket ?? []));
  }

  close(): void {
    for (const { socket } of this.#sockets) socket?.close();
  }
}
