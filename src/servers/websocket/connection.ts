/** One WebSocket connection: receives messages and sends responses as fast as the peer reads them. */
import { formatPeer, plainAddress } from "../../base/address.ts";
import type { Clock } from "../../base/clock.ts";
import type { RejectReason } from "../../metrics/counters.ts";
import { PEER_GONE, SEND_FAILED } from "../../reflector/exchange.ts";
import type { Responder } from "../../reflector/responder.ts";
import type { LocalEnd } from "../../reflector/session.ts";
import type { Sessions } from "../../reflector/sessions.ts";
import { isTestPacket, sequenceOf, ssidOf } from "../../stamp/packet.ts";
import type { ConnectionMemory, Holder } from "../bounds/connection-memory.ts";
import type { ConnectionTurns, Pausable } from "../bounds/connection-turns.ts";
import { StreamOrder } from "../bounds/stream-order.ts";
import { type InputReader, WaitingInput } from "../bounds/waiting-input.ts";
import { type MessageConnection, MessagePacket } from "./packet.ts";

/** The response to a plain message. */
const ACK = "ACK-WS";
/** The code that an application sees if a connection ended without a close frame (RFC 6455 section 7.4.1). */
const ABNORMAL = 1006;
const GOING_AWAY = 1001;
/** What the runtime reports as the reason when it has closed a connection because of what it received. */
const RECEIVED = "Received ";
const TOO_BIG = "Received too big message";

/** A socket of the runtime. */
export type WebSocketSocket = Bun.ServerWebSocket<WebSocketConnection>;

/** Shared by the connections. */
export interface WebSocketShared {
  readonly responder: Responder;
  readonly sessions: Sessions;
  /** Octets of responses that a peer may leave unread before the lab stops reading from it. */
  readonly unreadLimit: number;
  /** The octets that all connections hold. */
  readonly memory: ConnectionMemory;
  readonly turns: ConnectionTurns;
}

/** The state of one connection. */
export class WebSocketConnection implements MessageConnection, Holder, Pausable, InputReader<string | Buffer> {
  /** Messages that are delayed, or whose responses are. */
  delayed = 0;
  /** Messages on their way up. */
  departed = 0;
  /** No message on its way up is received any more. */
  isDeaf = false;
  readonly peer: string;
  readonly clock: Clock;
  readonly #address: string;
  #socket: WebSocketSocket | undefined;
  /** Octets that the runtime holds for this connection, as reserved. */
  #reserved = 0;
  readonly #messageOrder = new StreamOrder();
  readonly #responseOrder = new StreamOrder();
  /** Time of the last message, ping or write accepted, ms. An incomplete message does not count. */
  #activeAt: number;
  /** No further message is processed; pending responses are still sent. */
  #closing = false;
  /** No further response is sent: the peer would match it to a dropped message. */
  #mute = false;
  /** Messages that were received while the reading was held. */
  readonly #waiting: WaitingInput<string | Buffer>;
  /** The code of the close frame. */
  #code = GOING_AWAY;
  #closed = false;
  /** Input was rejected, and the reason was counted. */
  #rejected = false;

  constructor(
    readonly shared: WebSocketShared,
    /** The listener as sessions name it. */
    private readonly localEnd: LocalEnd,
    address: string,
    readonly port: number,
  ) {
    this.clock = shared.responder.clock;
    this.#address = plainAddress(address);
    this.peer = formatPeer(this.#address, port);
    this.#activeAt = this.clock.now();
    this.#waiting = new WaitingInput(shared.turns, this);
  }

  /** The runtime has accepted the connection. */
  opened(socket: WebSocketSocket): void {
    this.#socket = socket;
  }

  orderUp(dueAt: number, receivedAt: number): number {
    return this.#messageOrder.next(dueAt, receivedAt, this.departed > 0);
  }

  order(dueAt: number, receivedAt: number): number {
    return this.#responseOrder.next(dueAt, receivedAt, this.delayed > 0);
  }

  /**
   * Processes a message, whose octets the runtime does not use again: at once, or in a later turn if this one has taken long.
   * The runtime passes everything that it has read of a connection, 87,000 messages of no octets, also if it is paused.
   */
  message(content: string | Buffer): void {
    if (this.#closing) return;
    if (this.#waiting.isNeeded) this.#waiting.add(content);
    else this.process(content);
  }

  failed(error: unknown): void {
    this.shared.responder.failed(error);
    this.reset();
  }

  process(content: string | Buffer): undefined {
    const { responder, sessions, turns } = this.shared;
    const now = this.clock.now();
    this.#activeAt = now;
    turns.note(now);
    if (typeof content === "string" || !isTestPacket(content)) {
      const octets = typeof content === "string" ? Buffer.byteLength(content) : content.length;
      responder.receive(new MessagePacket(this, now, octets, undefined, undefined, 0));
      return;
    }
    const session = sessions.of(this.localEnd, this.#address, this.port, ssidOf(content), now);
    responder.receive(new MessagePacket(this, now, content.length, content, session, sequenceOf(content)));
  }

  /** The peer has sent a ping, to which the runtime responds. */
  pinged(): void {
    this.#activeAt = this.clock.now();
    this.shared.turns.note(this.#activeAt);
    this.#account();
  }

  pauseReading(): void {
    if (!this.#closed) this.#socket?.pause();
  }

  resumeReading(): void {
    // What is read would have to wait behind what waits.
    if (!this.#closed && this.#waiting.isEmpty && this.#reserved <= this.shared.unreadLimit) this.#socket?.resume();
  }

  write(packet: Buffer | undefined): number {
    const socket = this.#socket;
    if (!socket || this.#closed || this.#mute) return PEER_GONE;
    const sent = packet ? socket.sendBinary(packet) : socket.sendText(ACK);
    if (sent > 0 || (sent < 0 && this.#account())) return packet ? packet.length : ACK.length;
    if (sent === 0 && socket.readyState !== WebSocket.OPEN) return PEER_GONE;
    if (sent === 0) this.evict(); // the runtime has discarded it, because it holds too much for this peer
    return SEND_FAILED;
  }

  /** Reserves the memory of what the runtime holds, and stops reading if that is much. Returns false if there is no room. */
  #account(): boolean {
    const { memory, unreadLimit } = this.shared;
    const held = this.#socket?.getBufferedAmount() ?? 0;
    const added = held - this.#reserved;
    if (added <= 0) memory.budget.release(-added);
    else if (!memory.makeRoom(this, () => memory.budget.reserve(added))) {
      this.evict();
      return false;
    }
    this.#reserved = held;
    if (held > unreadLimit) this.pauseReading();
    return true;
  }

  /** The kernel accepts more octets. */
  drain(): void {
    this.#activeAt = this.clock.now();
    if (!this.#account()) return;
    if (this.#reserved > 0) this.shared.memory.progress(this);
    else this.shared.memory.remove(this);
    if (!this.shared.turns.isPaused) this.resumeReading();
    this.#endWhenDone();
  }

  /** Closes because the connections together hold too many octets, and this one has kept its own for the longest time. */
  evict(): void {
    this.#reject("memory-limit");
    this.reset();
  }

  /** A delayed message was answered or dropped. */
  finished(): void {
    this.delayed--;
    this.#activeAt = this.clock.now(); // the peer was waiting for this response: its idle time starts now
    this.#endWhenDone();
  }

  /** Processes no further message and closes after pending responses are sent; without them if `answering` is false. */
  end(answering = true, code = GOING_AWAY): void {
    this.isDeaf = true;
    if (!this.#closing) this.#code = code;
    this.#closing = true;
    this.#waiting.clear();
    if (!answering) this.#mute = true;
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (!this.#closing || this.#closed || this.#reserved > 0 || (this.delayed > 0 && !this.#mute)) return;
    this.#mute = true;
    this.#socket?.close(this.#code);
  }

  /** Closes the connection if the peer has been idle since `before`, or has read no response since then. */
  expire(before: number): void {
    if (this.#activeAt > before) return;
    if (this.#reserved > 0) {
      this.#reject("slow-reader");
      this.reset();
    } else if (this.delayed === 0 || this.#mute) {
      if (!this.#closing) this.#reject("idle");
      this.end();
    }
  }

  /** Closes at once, without a close frame. */
  reset(): void {
    this.#closing = true;
    this.#mute = true;
    this.#waiting.clear();
    this.#free();
    this.#socket?.terminate();
  }

  /** Counts the reason, once for a connection, and processes no further message. */
  #reject(reason: RejectReason<"websocket">): void {
    if (!this.#rejected) this.shared.responder.traffic.rejects.add(reason);
    this.#rejected = true;
    this.#closing = true;
  }

  #free(): void {
    this.shared.memory.budget.release(this.#reserved);
    this.#reserved = 0;
    this.shared.memory.remove(this);
  }

  /** The connection was closed: by the peer, by the lab, or by the runtime, which gives a reason then. */
  closed(code: number, reason: string): void {
    // No close frame has this code: the reason is the runtime's own.
    if (code === ABNORMAL && reason.startsWith(RECEIVED)) this.#reject(reason === TOO_BIG ? "too-large" : "bad-frame");
    this.#closing = true;
    this.#closed = true;
    this.#free();
  }
}
