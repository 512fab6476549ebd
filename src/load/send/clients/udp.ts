/** UDP: one connected socket a session, datagrams handed to the kernel in batches. */

import { receiveBufferDrops, setReceiveBuffer } from "../../../base/kernel.ts";
import { resendOnError } from "../../../base/resend.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { Recorder } from "../../measure/recorder.ts";
import { anyAddressLike, type Client, type ClientSettings, unreachable } from "./client.ts";
import { SenderSession } from "./session.ts";

/** The most datagrams handed to the kernel in one call, and the most octets that they are kept ready in. */
const BATCH = 64;
const BATCH_OCTETS = 256 * 1024;
/** Asked of the kernel for each socket, in all at most 64 MiB: the default holds about 256 small datagrams. */
const RECEIVE_BUFFER = 8 * 2 ** 20;
const ALL_RECEIVE_BUFFERS = 64 * 2 ** 20;

/** One socket with its session and the datagrams that are ready to go. */
class UdpFlow {
  readonly session: SenderSession;
  readonly #pool: Buffer[] = [];
  readonly #ready: Buffer[] = [];
  readonly #onError: (error: unknown) => void;
  socket: Bun.udp.ConnectedSocket<"buffer"> | undefined;

  constructor(session: SenderSession, onError: (error: unknown) => void) {
    this.session = session;
    this.#onError = onError;
    const batch = Math.max(4, Math.min(BATCH, Math.floor(BATCH_OCTETS / session.newPacket().length)));
    for (let index = 0; index < batch; index++) this.#pool.push(session.newPacket());
  }

  get hasRoom(): boolean {
    return this.#pool.length > 0 && this.session.hasRoom;
  }

  take(planned: number, now: number): void {
    const packet = this.#pool.pop();
    if (packet === undefined) return;
    this.session.write(packet, 0, planned, now);
    this.#ready.push(packet);
  }

  /** What the kernel does not take now waits for the next call. */
  flush(): void {
    const count = this.#ready.length;
    const first = this.#ready[0];
    if (first === undefined || this.socket === undefined) return;
    if (count === 1) this.session.stampLast(first, 0);
    let sent = this.#handOver(this.#ready);
    while (sent > 0 && sent < count) {
      const more = this.#handOver(this.#ready.slice(sent));
      if (more === 0) break;
      sent += more;
    }
    for (const packet of this.#ready.splice(0, sent)) this.#pool.push(packet);
  }

  /** Returns how many datagrams the kernel accepted. */
  #handOver(packets: Buffer[]): number {
    return resendOnError(() => this.socket?.sendMany(packets) ?? 0, this.#onError) ?? 0;
  }
}

/** The session sender on UDP. */
export class UdpClient implements Client {
  readonly #settings: ClientSettings;
  readonly #flows: UdpFlow[] = [];
  readonly localPorts = new Set<number>();
  #recorder: Recorder;
  #turn = 0;
  #roomPromised = false;
  lastArrival = 0;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#recorder = settings.recorder;
  }

  async open(): Promise<void> {
    const { connections, endpoint, highestRate } = this.#settings;
    const buffer = Math.min(RECEIVE_BUFFER, Math.floor(ALL_RECEIVE_BUFFERS / connections));
    for (let index = 0; index < connections; index++) {
      const session = new SenderSession({ ...this.#settings, highestRate: highestRate / connections });
      const flow = new UdpFlow(session, (error) => this.#recorder.countError(errorCode(error)));
      flow.socket = await Bun.udpSocket({
        hostname: anyAddressLike(endpoint.address),
        connect: { hostname: endpoint.address, port: endpoint.port },
        socket: {
          data: (_socket, data) => this.#receive(flow, data),
          // Bun calls this with the error alone, or with the socket before it: the last argument is the error.
          error: (...args: unknown[]) => this.#recorder.countError(errorCode(args.at(-1))),
        },
      }).catch((error: unknown) => {
        throw unreachable(endpoint, error);
      });
      setReceiveBuffer(flow.socket, buffer);
      this.localPorts.add(flow.socket.port);
      this.#flows.push(flow);
    }
  }

  #receive(flow: UdpFlow, data: Buffer): void {
    const now = this.#settings.clock.now();
    this.lastArrival = now;
    flow.session.receive(data, now);
    // One turn later the whole batch that the kernel had is read, and its room is filled in one call.
    if (this.#roomPromised) return;
    this.#roomPromised = true;
    setImmediate(() => {
      this.#roomPromised = false;
      this.#settings.onRoom();
    });
  }

  send(planned: number, now: number): boolean {
    if (this.pending >= this.#settings.window) return false;
    const flow = this.#flows[this.#turn];
    if (flow === undefined) return false;
    if (!flow.hasRoom) flow.flush();
    if (!flow.hasRoom) return false;
    flow.take(planned, now);
    this.#turn = (this.#turn + 1) % this.#flows.length;
    return true;
  }

  flush(): void {
    for (const flow of this.#flows) flow.flush();
  }

  tick(now: number): void {
    for (const flow of this.#flows) {
      flow.flush();
      flow.session.expire(now);
    }
  }

  restart(recorder: Recorder, ssid: number): void {
    this.#recorder = recorder;
    for (const flow of this.#flows) flow.session.restart(recorder, ssid);
  }

  finish(): void {
    for (const flow of this.#flows) flow.session.closeBooks();
  }

  get pending(): number {
    return this.#recorder.pending;
  }

  bufferDrops(): number | undefined {
    return receiveBufferDrops(this.#flows.flatMap(({ socket }) => socket ?? []));
  }

  close(): void {
    for (const flow of this.#flows) flow.socket?.close();
  }
}
