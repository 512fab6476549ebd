/** One TCP connection: its packets in, whole frames or chunks as read, and the answers out as fast as the peer reads. */
import { formatPeer, plainAddress } from "../base/address.ts";
import type { Fate } from "../faults/faults.ts";
import type { DropReason, RejectReason } from "../metrics/counters.ts";
import { type Exchange, PEER_GONE, type Responder } from "../reflector/responder.ts";
import type { Session, Sessions } from "../reflector/sessions.ts";
import { FRAME_HEADER_LENGTH, FrameReader, STAMP_PREFACE } from "../stamp/frames.ts";
import { isTestPacket, sequenceOf, ssidOf, writeAnswer } from "../stamp/packet.ts";

const ACK = Buffer.from("ACK-TCP");
const PREFACE = Buffer.from(STAMP_PREFACE);
/** How long the first octets of a preface wait for the rest before they count as a plain packet, ms. */
const PREFACE_WAIT_MS = 250;
/** Keeps an answer behind those that wait in front of it on its connection, ms. */
const ONE_MICROSECOND = 0.001;

/** A socket of the listener; its data is undefined until its connection is taken in. */
export type Socket = Bun.Socket<Connection | undefined>;

/** What the connections of one listener share. */
export interface Shared {
  readonly responder: Responder;
  readonly sessions: Sessions;
  /** Octets of answers that a peer may leave unread before the lab stops reading from it. */
  readonly unreadLimit: number;
}

/** One packet of a connection and the way back; one for each packet, for a chunk can hold many. */
class StreamPacket implements Exchange {
  readonly workMs = 0;
  #kept = false;

  constructor(
    private readonly connection: Connection,
    readonly receivedAt: number,
    readonly bytes: number,
    /** Where the whole frame lies, header and packet; undefined for a plain chunk. */
    private readonly frame: Buffer | undefined,
    private readonly at: number,
    readonly session: Session | undefined,
    readonly sequence: number,
  ) {}

  peer(): string {
    return this.connection.peer;
  }

  get heldBytes(): number {
    return this.frame ? this.bytes : 0;
  }

  order(dueAt: number): number {
    return this.connection.order(dueAt, this.receivedAt);
  }

  keep(): this {
    if (!this.#kept) this.connection.waiting++;
    this.#kept = true;
    return this;
  }

  encode(reflectorSequence: number, _fate: Readonly<Fate>): void {
    if (!this.frame) return;
    const { clock } = this.connection.shared.responder;
    const now = clock.now();
    const sentAt = clock.wallAt(now);
    const receivedAt = sentAt - (now - this.receivedAt); // by one look at the wall clock, which may be set meanwhile
    writeAnswer(this.frame, { sequence: reflectorSequence, receivedAt, sentAt }, this.at + FRAME_HEADER_LENGTH);
  }

  send(): number {
    const sent = this.frame
      ? this.connection.write(this.frame, this.at, FRAME_HEADER_LENGTH + this.bytes)
      : this.connection.write(ACK, 0, ACK.length);
    this.#settle();
    return sent > 0 && this.frame ? this.bytes : sent;
  }

  drop(reason: DropReason): void {
    this.#settle();
    if (reason === "fault-reset") this.connection.reset();
    else if (!this.frame && reason !== "peer-gone") this.connection.end(reason !== "fault-down");
  }

  #settle(): void {
    if (!this.#kept) return;
    this.#kept = false;
    this.connection.settled();
  }
}

/** One connection: what it has said so far, what still waits to be said to it. */
export class Connection {
  /** Packets whose answers are put off. */
  waiting = 0;
  readonly peer: string;
  /** The socket's own getters ask the kernel each time. */
  readonly #address: string;
  readonly #port: number;
  #mode: "opening" | "plain" | "framed" = "opening";
  /** The first octets, as long as they could become the preface. */
  #opening: Buffer = Buffer.alloc(0);
  #openingTimer: Timer | undefined;
  readonly #frames = new FrameReader();
  /** Answers that the kernel has not taken yet. */
  #unsent: Buffer[] = [];
  #unsentBytes = 0;
  /** When the last answer that waits is due. */
  #lastDueAt = 0;
  /** When the last whole packet came or the kernel last took something, ms. A frame that trickles in does not count. */
  #activeAt: number;
  /** Nothing more is taken in; what is owed still goes. */
  #closing = false;
  /** Nothing more is answered either: what the peer would take for the answer of a dropped packet. */
  #mute = false;
  #ended = false;
  #closed = false;
  /** What came in was refused, and why was counted. */
  #rejected = false;

  constructor(
    private readonly socket: Socket,
    readonly shared: Shared,
  ) {
    this.#address = plainAddress(socket.remoteAddress);
    this.#port = socket.remotePort;
    this.peer = formatPeer(this.#address, this.#port);
    this.#activeAt = shared.responder.clock.now();
  }

  order(dueAt: number, receivedAt: number): number {
    if (this.waiting === 0) this.#lastDueAt = dueAt;
    else this.#lastDueAt = Math.max(dueAt, this.#lastDueAt, receivedAt + ONE_MICROSECOND);
    return this.#lastDueAt;
  }

  /** Takes what was read. */
  data(chunk: Buffer): void {
    if (this.#closing) return;
    if (this.#mode === "plain") this.#plain(chunk);
    else if (this.#mode === "framed") this.#framed(chunk);
    else this.#open(chunk);
  }

  /** Finds out which kind of connection it is. */
  #open(chunk: Buffer): void {
    clearTimeout(this.#openingTimer);
    const start = this.#opening.length === 0 ? chunk : Buffer.concat([this.#opening, chunk]);
    const compared = Math.min(start.length, PREFACE.length);
    if (PREFACE.compare(start, 0, compared, 0, compared) !== 0) this.#decidePlain(start);
    else if (compared < PREFACE.length) {
      this.#opening = Buffer.from(start);
      this.#openingTimer = setTimeout(() => this.#decidePlain(start), PREFACE_WAIT_MS);
    } else {
      this.#mode = "framed";
      this.#framed(start.subarray(PREFACE.length));
    }
  }

  #decidePlain(start: Buffer): void {
    this.#mode = "plain";
    this.#plain(start);
  }

  #plain(chunk: Buffer): void {
    const { responder } = this.shared;
    this.#activeAt = responder.clock.now();
    responder.receive(new StreamPacket(this, this.#activeAt, chunk.length, undefined, 0, undefined, 0));
  }

  #framed(chunk: Buffer): void {
    if (this.#frames.read(chunk, this.#frame)) return;
    this.#reject("bad-length");
    this.#endWhenDone();
  }

  readonly #frame = (bytes: Buffer, at: number, length: number) => {
    if (this.#closing) return;
    const { responder, sessions } = this.shared;
    const now = responder.clock.now();
    this.#activeAt = now;
    const packet = at + FRAME_HEADER_LENGTH;
    if (!isTestPacket(bytes, packet, length)) {
      responder.refuse(new StreamPacket(this, now, length, bytes, at, undefined, 0), "not-stamp");
      return;
    }
    const session = sessions.of("tcp", this.#address, this.#port, ssidOf(bytes, packet), now);
    responder.receive(new StreamPacket(this, now, length, bytes, at, session, sequenceOf(bytes, packet)));
  };

  /** Counts what is wrong, once for a connection, and takes no more of it. */
  #reject(reason: RejectReason<"tcp">): void {
    if (!this.#rejected) this.shared.responder.traffic.rejects.add(reason);
    this.#rejected = true;
    this.#closing = true;
  }

  /** Hands `length` octets to the kernel, or keeps what it does not take; their number, or PEER_GONE. */
  write(bytes: Buffer, at: number, length: number): number {
    if (this.#closed || this.#mute) return PEER_GONE;
    const taken = this.#unsentBytes === 0 ? Math.max(0, this.socket.write(bytes, at, length)) : 0;
    // The whole is kept as it is: a view for each of very many short answers would hold more than they do.
    if (taken === 0 && length === bytes.length) this.#keepUnsent(bytes);
    else if (taken < length) this.#keepUnsent(bytes.subarray(at + taken, at + length));
    return length;
  }

  #keepUnsent(rest: Buffer): void {
    this.#unsent.push(rest);
    this.#unsentBytes += rest.length;
    if (this.#unsentBytes > this.shared.unreadLimit) this.socket.pause();
  }

  /** The kernel takes more. */
  drain(): void {
    this.#activeAt = this.shared.responder.clock.now();
    while (this.#unsent.length > 0) {
      const all = this.#unsent.length === 1 ? this.#unsent[0] : Buffer.concat(this.#unsent);
      if (!all) return;
      const taken = Math.max(0, this.socket.write(all));
      this.#unsentBytes = all.length - taken;
      this.#unsent = this.#unsentBytes > 0 ? [all.subarray(taken)] : [];
      if (this.#unsentBytes > 0) break;
    }
    if (this.#unsentBytes <= this.shared.unreadLimit) this.socket.resume();
    this.#endWhenDone();
  }

  /** A packet that waited is answered or dropped. */
  settled(): void {
    this.waiting--;
    this.#activeAt = this.shared.responder.clock.now(); // the peer had to wait for the lab, and has its time from now
    this.#endWhenDone();
  }

  /** The peer will say no more; it still gets what it is owed. */
  peerEnded(): void {
    if (this.#mode === "opening" && this.#opening.length > 0) {
      clearTimeout(this.#openingTimer);
      this.#decidePlain(this.#opening);
    }
    if (this.#frames.unfinished) this.#reject("cut-frame");
    this.end();
  }

  /** Takes no more in and closes in order: what waits is still answered, unless `answering` is false, and all is sent. */
  end(answering = true): void {
    this.#closing = true;
    if (!answering) this.#mute = true;
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (!this.#closing || this.#ended || this.#unsentBytes > 0 || (this.waiting > 0 && !this.#mute)) return;
    this.#ended = true;
    this.#mute = true;
    this.socket.end();
  }

  /** Closes the connection where the peer has been silent since `before`, or has left its answers unread since then. */
  expire(before: number): void {
    if (this.#activeAt > before) return;
    if (this.#unsentBytes > 0) this.#reject("slow-reader");
    else if (this.waiting > 0 && !this.#mute)
      return; // it waits for the lab
    else if (!this.#closing) this.#reject("idle");
    this.reset();
  }

  /** Closes at once, with a reset (RFC 9293 section 3.5.2). */
  reset(): void {
    this.#closing = true;
    this.#mute = true;
    this.#ended = true;
    this.socket.terminate();
  }

  /** The connection is gone. */
  closed(): void {
    clearTimeout(this.#openingTimer);
    if (this.#frames.unfinished && !this.#closing) this.#reject("cut-frame");
    this.#closing = true;
    this.#closed = true;
  }
}
