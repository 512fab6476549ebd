/** A plain connection, TCP or TLS: sends a short text, and counts the octets that arrive next as its answer. */
import { dataAgeOf } from "../../../base/receive-times.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { TlsPlan } from "../../plan/tls.ts";
import type { ClientSettings } from "../client.ts";
import { Connector } from "../connector.ts";
import type { SocketOwner } from "../socket-owner.ts";
import { ANSWERED, type ConnectionEvents, type SerialConnection } from "./connection.ts";
import { PlainText } from "./plain-text.ts";

/** What distinguishes TCP from TLS. */
export interface PlainStream {
  /** Name of the protocol in the texts: `Hello TCP 7`, which a lab answers with `ACK-TCP`. */
  readonly name: string;
  /** Undefined without TLS. */
  readonly tls?: TlsPlan;
}

/**
 * An echo is complete with the last octet of the text, any other answer with its first chunk. A target that reads a packet
 * in several chunks can answer each of them; what arrives after the first answer is surplus.
 */
export class PlainStreamConnection implements SerialConnection, SocketOwner {
  readonly #events: ConnectionEvents;
  readonly #text: PlainText;
  readonly #connector: Connector;
  /** What a lab answers to each chunk that it reads. */
  readonly #labAnswer: Buffer;
  #socket: Bun.Socket | undefined;
  #sent: Buffer = Buffer.alloc(0);
  #unwritten = 0;
  #received = 0;
  #isAwaited = false;
  #waited: () => number | undefined = () => undefined;
  usable = false;

  constructor(settings: ClientSettings, { name, tls }: PlainStream, events: ConnectionEvents) {
    this.#text = new PlainText(name, settings.size);
    this.#labAnswer = Buffer.from(`ACK-${name}`);
    this.#events = events;
    this.#connector = new Connector({ ...settings, tls }, this);
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

  write(sequence: number): number {
    this.#sent = this.#text.write(sequence);
    this.#unwritten = this.#sent.length;
    this.#received = 0;
    this.#isAwaited = true;
    this.onDrain();
    return this.#sent.length;
  }

  onDrain(): void {
    if (this.#unwritten === 0) return;
    this.#unwritten -= Math.max(0, this.#socket?.write(this.#sent.subarray(-this.#unwritten)) ?? 0);
  }

  onData(from: Bun.Socket, data: Buffer): void {
    if (from !== this.#socket) return;
    if (!this.#isAwaited) {
      this.#events.onSurplus(data.length);
      return;
    }
    this.#events.onRead(this.#waited);
    const end = Math.min(this.#sent.length, this.#received + data.length);
    const isEcho = this.#sent.compare(data, 0, end - this.#received, this.#received, end) === 0;
    this.#received += data.length;
    if (isEcho && this.#received < this.#sent.length) return;
    const surplus = isEcho ? this.#received - this.#sent.length : this.#furtherAnswers(data);
    if (surplus > 0) this.#events.onSurplus(surplus);
    this.#isAwaited = false;
    this.#events.onAnswer(ANSWERED, this.#received - surplus);
  }

  /** A connection that is closed instead of an answer is a loss: the lab drops packets on plain TCP this way. */
  onClose(from: Bun.Socket, error: Error | undefined): void {
    if (from !== this.#socket) return;
    this.close();
    this.#events.onClosed({ kind: "lost", code: error === undefined ? "closed" : errorCode(error) });
  }

  close(): void {
    this.usable = false;
    // The field is cleared first, because `end` can call the close handler before it returns.
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end();
  }

  /** The octets of a chunk after the first answer of a lab, if it has several. */
  #furtherAnswers(data: Buffer): number {
    const answer = this.#labAnswer;
    const { length } = answer;
    const hasSeveral = data.length > length && data.compare(answer, 0, length, 0, length) === 0;
    return hasSeveral && data.compare(answer, 0, length, length, 2 * length) === 0 ? data.length - length : 0;
  }
}
