/** One TCP or TLS connection: reads packets (frames, or chunks as read) and writes responses as fast as the peer reads them. */

import { formatPeer, plainAddress } from "../../base/address.ts";
import type { Clock } from "../../base/clock.ts";
import { Octets } from "../../base/octets.ts";
import type { RejectReason } from "../../metrics/counters.ts";
import { PEER_GONE, SEND_FAILED } from "../../reflector/exchange.ts";
import type { Responder } from "../../reflector/responder.ts";
import type { LocalEnd } from "../../reflector/session.ts";
import type { Sessions } from "../../reflector/sessions.ts";
import { FRAME_HEADER_LENGTH, FrameReader, STAMP_PREFACE } from "../../stamp/frames.ts";
import { isTestPacket, sequenceOf, ssidOf } from "../../stamp/packet.ts";
import type { ConnectionMemory, Holder } from "../bounds/connection-memory.ts";
import type { ConnectionTurns, Pausable } from "../bounds/connection-turns.ts";
import { StreamOrder } from "../bounds/stream-order.ts";
import { type InputReader, WaitingInput } from "../bounds/waiting-input.ts";
import { type PacketConnection, StreamPacket } from "./packet.ts";

const PREFACE = Buffer.from(STAMP_PREFACE);
/** Time for which the first octets of a preface are buffered before they count as a plain packet, ms. */
const PREFACE_WAIT_MS = 250;

/** Octets of frames after which a chunk can be interrupted: its rest is then processed in the next turn. */
const SLICE_BYTES = 64 * 1024;

/** The end of the peer's side, which waits behind its chunks. */
const END = "end";

/** A socket of the listener; its data is undefined until the connection is accepted. */
export type Socket = Bun.Socket<StreamConnection | undefined>;

/** Shared by the connections of one listener. */
export interface Shared {
  readonly responder: Responder;
  /** The response to a plain chunk. */
  readonly acknowledgement: Buffer;
  readonly sessions: Sessions;
  /** The listener as sessions name it. */
  readonly end: LocalEnd;
  /** Octets of responses that a peer may leave unread before the listener stops reading from it. */
  readonly unreadLimit: number;
  /** The octets that all connections hold. */
  readonly memory: ConnectionMemory;
  readonly turns: ConnectionTurns;
}

/** The state of one connection. */
export class StreamConnection implements PacketConnection, Holder, Pausable, InputReader<Buffer | typeof END> {
  /** Packets that are delayed, or whose responses are. */
  delayed = 0;
  /** Packets on their way up. */
  departed = 0;
  /** No packet on its way up is received any more: a response to it would be matched to a dropped packet. */
  isDeaf = false;
  readonly peer: string;
  readonly clock: Clock;
  readonly acknowledgement: Buffer;
  /** Copied, because the socket's getters are system calls. */
  readonly #address: string;
  readonly #port: number;
  #mode: "opening" | "plain" | "framed" = "opening";
  /** The first octets, while they are a prefix of the preface. */
  #opening: Buffer = Buffer.alloc(0);
  #openingTimer: Timer | undefined;
  readonly #frames = new FrameReader();
  /** Memory of the incomplete frame as reserved, octets. */
  #reserved = 0;
  /** Responses that the kernel has not accepted yet. */
  readonly #unsent: Octets;
  readonly #packetOrder = new StreamOrder();
  readonly #responseOrder = new StreamOrder();
  /** Time of the last complete packet or of the last write accepted, ms. An incomplete frame does not count. */
  #activeAt: number;
  /** The rest of an interrupted chunk, and what arrived after it. */
  readonly #waiting: WaitingInput<Buffer | typeof END>;
  /** No further input is read; pending responses are still sent. */
  #closing = false;
  /** No further response is sent: the peer would match it to a dropped packet. */
  #mute = false;
  #ended = false;
  #closed = false;
  /** Input was rejected, and the reason was counted. */
  #rejected = false;

  constructor(
    private readonly socket: Socket,
    readonly shared: Shared,
  ) {
    this.clock = shared.responder.clock;
    this.acknowledgement = shared.acknowledgement;
    this.#address = plainAddress(socket.remoteAddress);
    this.#port = socket.remotePort;
    this.peer = formatPeer(this.#address, this.#port);
    this.#activeAt = this.clock.now();
    this.#unsent = new Octets(shared.memory.budget);
    this.#waiting = new WaitingInput(shared.turns, this);
  }

  orderUp(dueAt: number, receivedAt: number): number {
    return this.#packetOrder.next(dueAt, receivedAt, this.departed > 0);
  }

  order(dueAt: number, receivedAt: number): number {
    return this.#responseOrder.next(dueAt, receivedAt, this.delayed > 0);
  }

  /** Processes a chunk, or keeps a copy of what has to wait. */
  data(chunk: Buffer): void {
    if (this.#closing) return;
    const rest = this.#waiting.isNeeded ? chunk : this.#read(chunk);
    if (rest !== undefined && !this.#closing) this.#waiting.add(Buffer.from(rest));
  }

  /** Processes what waited. */
  process(item: Buffer | typeof END): Buffer | undefined {
    if (this.#closing) return undefined;
    if (item !== END) return this.#read(item);
    this.#inputEnded();
    return undefined;
  }

  /** Processes a chunk; returns what is left of it if the turn has taken long. */
  #read(chunk: Buffer): Buffer | undefined {
    if (this.#mode === "framed") return this.#framed(chunk);
    if (this.#mode === "opening") return this.#open(chunk);
    this.#plain(chunk);
    return undefined;
  }

  /** Determines from the first octets whether the connection is plain or carries frames. */
  #open(chunk: Buffer): Buffer | undefined {
    clearTimeout(this.#openingTimer);
    const start = this.#opening.length === 0 ? chunk : Buffer.concat([this.#opening, chunk]);
    const compared = Math.min(start.length, PREFACE.length);
    if (PREFACE.compare(start, 0, compared, 0, compared) !== 0) this.#decidePlain(start);
    else if (compared < PREFACE.length) {
      this.#opening = Buffer.from(start);
      this.#openingTimer = setTimeout(() => this.#openingOver(start), PREFACE_WAIT_MS);
    } else {
      this.#mode = "framed";
      return this.#framed(start.subarray(PREFACE.length));
    }
    return undefined;
  }

  /** The time for the preface is over; called by the runtime, so that an error ends this connection only. */
  #openingOver(start: Buffer): void {
    try {
      this.#decidePlain(start);
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error: unknown): void {
    this.shared.responder.failed(error);
    this.reset();
  }

  #decidePlain(start: Buffer): void {
    this.#mode = "plain";
    this.#plain(start);
  }

  #plain(chunk: Buffer): void {
    const { responder } = this.shared;
    this.#activeAt = this.clock.now();
    this.shared.turns.note(this.#activeAt);
    responder.receive(new StreamPacket(this, this.#activeAt, chunk.length, undefined, 0, undefined, 0));
  }

  #framed(chunk: Buffer): Buffer | undefined {
    const { turns } = this.shared;
    let at = 0;
    let isValid = true;
    do {
      const slice = chunk.length <= SLICE_BYTES ? chunk : chunk.subarray(at, at + SLICE_BYTES);
      isValid = this.#frames.read(slice, this.#frame);
      at += SLICE_BYTES;
    } while (isValid && at < chunk.length && !turns.held);
    if (this.#ended) this.#frames.clear();
    if (this.#frames.held !== this.#reserved) this.#reservePartial();
    if (isValid) return at < chunk.length ? chunk.subarray(at) : undefined;
    this.#reject("bad-length");
    this.#endWhenDone();
    return undefined;
  }

  pauseReading(): void {
    if (!this.#closed) this.socket.pause();
  }

  resumeReading(): void {
    // What is read would have to wait behind what waits.
    if (!this.#closed && this.#waiting.isEmpty && this.#unsent.length <= this.shared.unreadLimit) this.socket.resume();
  }

  /** Reserves the memory of the incomplete frame. */
  #reservePartial(): void {
    const { memory } = this.shared;
    const added = this.#frames.held - this.#reserved;
    if (added <= 0) memory.budget.release(-added);
    else if (!memory.makeRoom(this, () => memory.budget.reserve(added))) {
      this.evict();
      return;
    }
    this.#reserved = this.#frames.held;
    this.#holds();
  }

  /** Reports to the shared memory whether this connection holds octets. */
  #holds(): void {
    const { memory } = this.shared;
    if (this.#reserved > 0 || this.#unsent.length > 0) memory.progress(this);
    else memory.remove(this);
  }

  readonly #frame = (bytes: Buffer, at: number, length: number) => {
    if (this.#closing) return;
    const { responder, sessions, end, turns } = this.shared;
    const now = this.clock.now();
    this.#activeAt = now;
    turns.note(now);
    const packet = at + FRAME_HEADER_LENGTH;
    if (!isTestPacket(bytes, packet, length)) {
      responder.refuse(new StreamPacket(this, now, length, bytes, at, undefined, 0), "not-stamp");
      return;
    }
    const session = sessions.of(end, this.#address, this.#port, ssidOf(bytes, packet), now);
    responder.receive(new StreamPacket(this, now, length, bytes, at, session, sequenceOf(bytes, packet)));
  };

  /** Counts the reason, once for a connection, and reads no further input. */
  #reject(reason: RejectReason<"tcp" | "tls">): void {
    if (!this.#rejected) this.shared.responder.traffic.rejects.add(reason);
    this.#rejected = true;
    this.#closing = true;
  }

  /**
   * Passes `length` octets to the kernel and keeps a copy of what it does not accept. Returns their number, PEER_GONE, or
   * SEND_FAILED if there is no memory for the copy; the connection is then closed.
   */
  write(bytes: Buffer, at: number, length: number): number {
    if (this.#closed || this.#mute) return PEER_GONE;
    const accepted = this.#unsent.length === 0 ? this.socket.write(bytes, at, length) : 0;
    if (accepted < 0) {
      this.reset();
      return PEER_GONE;
    }
    if (accepted === length || this.#keepUnsent(bytes, at + accepted, length - accepted)) return length;
    this.evict();
    return SEND_FAILED;
  }

  #keepUnsent(bytes: Buffer, at: number, length: number): boolean {
    if (!this.shared.memory.makeRoom(this, () => this.#unsent.append(bytes, at, length))) return false;
    if (this.#unsent.length > this.shared.unreadLimit) this.socket.pause();
    return true;
  }

  /** The kernel accepts more octets. */
  drain(): void {
    this.#activeAt = this.clock.now();
    if (!this.#sendUnsent()) return;
    if (!this.shared.turns.isPaused) this.resumeReading();
    this.#endWhenDone();
  }

  /** Passes kept octets to the kernel; resets the connection, and returns false, if the peer has gone. */
  #sendUnsent(): boolean {
    let accepted = 0;
    this.#unsent.drain((bytes, at, length) => {
      accepted = this.socket.write(bytes, at, length); // -1 after a reset, which the runtime reports as an end
      return accepted;
    });
    this.#holds();
    if (accepted < 0) this.reset();
    return accepted >= 0;
  }

  /** Closes because the connections together hold too many octets, and this one has kept its own for the longest time. */
  evict(): void {
    this.#reject("memory-limit");
    this.reset();
  }

  /** The peer has sent a TLS record that cannot be decrypted; the runtime closes the connection. */
  badRecord(): void {
    this.#reject("bad-record");
  }

  /** A delayed packet was answered or dropped. */
  finished(): void {
    this.delayed--;
    this.#activeAt = this.clock.now(); // the peer was waiting for this response: its idle time starts now
    this.#endWhenDone();
  }

  /** The peer has closed its side; pending responses are still sent. */
  peerEnded(): void {
    if (this.#waiting.isEmpty || this.#closing) this.#inputEnded();
    else this.#waiting.add(END);
  }

  #inputEnded(): void {
    if (this.#mode === "opening" && this.#opening.length > 0) {
      clearTimeout(this.#openingTimer);
      this.#decidePlain(this.#opening);
    }
    if (this.#frames.unfinished) this.#reject("cut-frame");
    if (this.#sendUnsent()) this.#close();
  }

  /** Receives no further packet and closes after pending responses are sent; without them if `answering` is false. */
  end(answering: boolean): void {
    this.isDeaf = true;
    if (!answering) this.#mute = true;
    this.#close();
  }

  /** Reads no further input and closes after pending responses are sent. */
  #close(): void {
    this.#closing = true;
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (!this.#closing || this.#ended || this.#unsent.length > 0 || (this.delayed > 0 && !this.#mute)) return;
    this.#ended = true;
    this.#mute = true;
    this.socket.end();
  }

  /** Closes the connection if the peer has been idle since `before`, or has read no response since then. */
  expire(before: number): void {
    if (this.#activeAt > before) return;
    if (this.#unsent.length > 0) this.#reject("slow-reader");
    else if (this.delayed > 0 && !this.#mute)
      return; // the peer is waiting for a delayed response
    else if (!this.#closing) this.#reject("idle");
    this.reset();
  }

  /** Closes at once, with a reset (RFC 9293 section 3.5.2). */
  reset(): void {
    this.#closing = true;
    this.#mute = true;
    this.#ended = true;
    this.#free();
    this.socket.terminate();
  }

  /** Frees the octets that the connection holds. */
  #free(): void {
    this.#unsent.clear();
    this.#waiting.clear();
    this.#frames.clear();
    this.shared.memory.budget.release(this.#reserved);
    this.#reserved = 0;
    this.shared.memory.remove(this);
  }

  /** The connection was closed. */
  closed(): void {
    clearTimeout(this.#openingTimer);
    if (this.#frames.unfinished && !this.#closing) this.#reject("cut-frame");
    this.#closing = true;
    this.#closed = true;
    this.#free();
  }
}
