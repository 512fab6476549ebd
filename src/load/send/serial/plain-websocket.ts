/** A WebSocket connection for plain text: sends a text message, and counts the next message as its answer. */
import { dataAgeOf } from "../../../base/receive-times.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { ClientSettings } from "../client.ts";
import { Connector } from "../connector.ts";
import type { ConnectorSettings, SocketOwner } from "../socket-owner.ts";
import { ControlFrames } from "../websocket/control-frames.ts";
import { MaskingKeys, maskedFrame } from "../websocket/masking.ts";
import { CLOSED, MessageReader } from "../websocket/message-reader.ts";
import { OPCODE } from "../websocket/opcodes.ts";
import { ANSWERED, type ConnectionEvents, type SerialConnection } from "./connection.ts";
import { PlainText } from "./plain-text.ts";

/** Name of the protocol in the texts: `Hello WS 7`. */
const NAME = "WS";

/** A connection that is opened again after it was closed. */
export class PlainWebSocket implements SerialConnection, SocketOwner {
  readonly #events: ConnectionEvents;
  readonly #text: PlainText;
  readonly #connector: Connector;
  readonly #keys = new MaskingKeys();
  readonly #control = new ControlFrames(this.#keys);
  readonly #reader = new MessageReader((opcode, payload) => {
    this.#control.answer(opcode, payload);
    this.onDrain();
  });
  #socket: Bun.Socket | undefined;
  /** The octets of the message that the kernel has not accepted yet. */
  #unwritten: Buffer | undefined;
  #isAwaited = false;
  #waited: () => number | undefined = () => undefined;
  usable = false;
  readonly #write = (bytes: Buffer, at: number, length: number) => this.#socket?.write(bytes, at, length) ?? 0;
  readonly #onMessage = (_bytes: Buffer, _at: number, length: number) => {
    if (!this.#isAwaited) return this.#events.onSurplus(length);
    this.#isAwaited = false;
    // After the answer to a message that is only partly written, the connection cannot carry another one.
    if (this.#unwritten !== undefined) this.close();
    this.#events.onAnswer(ANSWERED, length);
  };

  constructor(
    settings: ClientSettings,
    kind: Pick<ConnectorSettings, "tls" | "makePrologue">,
    events: ConnectionEvents,
  ) {
    this.#text = new PlainText(NAME, settings.size);
    this.#events = events;
    this.#connector = new Connector({ ...settings, ...kind }, this);
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
    this.#reader.clear();
    this.#control.clear();
    this.usable = true;
  }

  write(sequence: number): number {
    const text = this.#text.write(sequence);
    this.#unwritten = maskedFrame(OPCODE.text, text, this.#keys);
    this.#isAwaited = true;
    this.onDrain();
    return text.length;
  }

  onDrain(): void {
    if (this.#control.isPartial) this.#control.drain(this.#write);
    if (this.#control.isPartial) return;
    if (this.#unwritten !== undefined) {
      const written = Math.max(0, this.#write(this.#unwritten, 0, this.#unwritten.length));
      this.#unwritten = written < this.#unwritten.length ? this.#unwritten.subarray(written) : undefined;
    }
    if (this.#unwritten === undefined) this.#control.drain(this.#write);
  }

  onData(from: Bun.Socket, data: Buffer): void {
    if (from !== this.#socket) return;
    if (this.#isAwaited) this.#events.onRead(this.#waited);
    const end = this.#reader.read(data, this.#onMessage);
    if (end === undefined || from !== this.#socket) return;
    this.close();
    this.#events.onClosed({ kind: end === CLOSED ? "lost" : "corrupt", code: end });
  }

  /** A connection that is closed instead of an answer is a loss, as on plain TCP. */
  onClose(from: Bun.Socket, error: Error | undefined): void {
    if (from !== this.#socket) return;
    this.#forget();
    from.end();
    this.#events.onClosed({ kind: "lost", code: error === undefined ? CLOSED : errorCode(error) });
  }

  #forget(): void {
    this.usable = false;
    this.#isAwaited = false;
    this.#unwritten = undefined;
    this.#socket = undefined;
  }

  close(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#unwritten === undefined) this.#control.close();
    this.onDrain();
    // The field is cleared first, because `end` can call the close handler before it returns.
    this.#forget();
    socket.end();
  }
}
