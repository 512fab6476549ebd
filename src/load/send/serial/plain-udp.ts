/** A plain UDP socket: sends a short text, and counts the next datagram as its answer. */
import { receiveTimesOf } from "../../../base/receive-times.ts";
import { resendOnError } from "../../../base/resend.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { ClientSettings } from "../client.ts";
import { unspecifiedAddress } from "../connect.ts";
import { ANSWERED, type ConnectionEvents, type SerialConnection } from "./connection.ts";
import type { PlainText } from "./plain-text.ts";

/** The error of a packet that the kernel had no buffer for. */
const NOT_ACCEPTED = Object.assign(new Error("the send buffer was full"), { code: "EAGAIN" });

/**
 * Each socket has a port of its own, and rests after its answer: a late answer or a copy of one does not count as the
 * answer to a later packet.
 */
export class PlainUdpConnection implements SerialConnection {
  readonly #settings: ClientSettings;
  readonly #events: ConnectionEvents;
  #socket: Bun.udp.ConnectedSocket<"buffer"> | undefined;
  #receiveTime: () => number | undefined = () => undefined;
  readonly #text: PlainText;
  #packet: Buffer = Buffer.alloc(0);
  #refusal: unknown;
  usable = false;

  /** @param text the packets of all sockets: the kernel copies a packet before the next one is written */
  constructor(settings: ClientSettings, text: PlainText, events: ConnectionEvents) {
    this.#settings = settings;
    this.#text = text;
    this.#events = events;
  }

  get localPort(): number | undefined {
    return this.#socket?.port;
  }

  async connect(): Promise<void> {
    const { address, port } = this.#settings.endpoint;
    this.#socket = await Bun.udpSocket({
      hostname: unspecifiedAddress(address),
      connect: { hostname: address, port },
      socket: {
        data: (from, data) => {
          if (from !== this.#socket) return;
          this.#events.onRead(this.#waited);
          this.#events.onAnswer(ANSWERED, data.length);
        },
        // Bun passes the error alone, or the socket and the error: it is the last argument.
        error: (...args: unknown[]) => this.#onError(args.at(-1)),
      },
    });
    this.#receiveTime = receiveTimesOf(this.#socket);
    this.usable = true;
  }

  readonly #waited = () => {
    const { clock } = this.#settings;
    const receivedAt = this.#receiveTime();
    return receivedAt === undefined ? undefined : clock.wallAt(clock.now()) - receivedAt;
  };

  readonly #attempt = () => this.#socket?.send(this.#packet);
  readonly #onRefusal = (error: unknown) => {
    this.#refusal = error;
  };

  write(sequence: number): number {
    this.#packet = this.#text.write(sequence);
    this.#refusal = NOT_ACCEPTED;
    if (resendOnError(this.#attempt, this.#onRefusal) === true) return this.#packet.length;
    this.#events.onAnswer({ kind: "refused", code: errorCode(this.#refusal) }, 0);
    return 0;
  }

  /** An ICMP error: the packet in flight on this socket did not arrive. */
  #onError(error: unknown): void {
    if (this.#socket === undefined) return;
    this.close();
    this.#events.onClosed({ kind: "lost", code: errorCode(error) });
  }

  close(): void {
    this.usable = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }
}
