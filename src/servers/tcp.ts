/**
 * TCP: on a plain connection every chunk read is a packet and gets `ACK-TCP`; on one that opens with `STAMP/1\n` every
 * frame is a packet and gets a frame.
 */
import { formatPeer, plainAddress } from "../address.ts";
import type { Limits } from "../config.ts";
import type { Fate } from "../impairment.ts";
import type { DropReason, RejectReason } from "../metrics.ts";
import { type Exchange, PEER_GONE, type Responder } from "../responder.ts";
import type { Session, Sessions } from "../sessions.ts";
import { FRAME_HEADER_LENGTH, isTestPacket, STAMP_PREFACE, sequenceOf, ssidOf, writeAnswer } from "../stamp.ts";
import { FrameReader } from "./frames.ts";

const ACK = Buffer.from("ACK-TCP");
const PREFACE = Buffer.from(STAMP_PREFACE);
/** How long the first octets of a preface wait for the rest before they count as a plain packet, ms. */
const PREFACE_WAIT_MS = 250;
/** Keeps an answer behind those that wait in front of it on its connection, ms. */
const ONE_MICROSECOND = 0.001;

export interface TcpServerOptions {
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly limits: Pick<Limits, "tcpConnections" | "tcpIdleSeconds" | "tcpUnreadBytes">;
}

/** The TCP listener of the lab. */
export interface TcpServer {
  readonly port: number;
  /** Connections open now. */
  connections(): number;
  /** Connections turned away because there were too many. */
  refused(): number;
  /** No new connection, no new packet; answers in flight still go. */
  pause(): void;
  close(): void;
}

type Socket = Bun.Socket<Connection | undefined>;

/** What the connections of one listener share. */
interface Shared {
  readonly responder: Responder;
  readonly sessions: Sessions;
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
    const receivedAt = clock.wallAt(this.receivedAt);
    const sentAt = clock.wallAt(clock.now());
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
    else if (!this.frame && reason !== "peer-gone") this.connection.end();
  }

  #settle(): void {
    if (!this.#kept) return;
    this.#kept = false;
    this.connection.settled();
  }
}

/** One connection: what it has said so far, what still waits to be said to it. */
class Connection {
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
  #peerEnded = false;
  #ended = false;
  #closed = false;

  constructor(
    private readonly socket: Socket,
    readonly shared: Shared,
  ) {
    this.#address = plainAddress(socket.remoteAddress);
    this.#port = socket.remotePort;
    this.peer = formatPeer(this.#address, this.#port);
  }

  order(dueAt: number, receivedAt: number): number {
    if (this.waiting === 0) this.#lastDueAt = dueAt;
    else this.#lastDueAt = Math.max(dueAt, this.#lastDueAt, receivedAt + ONE_MICROSECOND);
    return this.#lastDueAt;
  }

  /** Takes what was read. */
  data(chunk: Buffer): void {
    if (this.#ended) return;
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
    responder.receive(new StreamPacket(this, responder.clock.now(), chunk.length, undefined, 0, undefined, 0));
  }

  #framed(chunk: Buffer): void {
    if (!this.#frames.read(chunk, this.#frame)) this.reject("bad-length");
  }

  readonly #frame = (bytes: Buffer, at: number, length: number) => {
    if (this.#ended) return;
    const { responder, sessions } = this.shared;
    const now = responder.clock.now();
    const packet = at + FRAME_HEADER_LENGTH;
    if (!isTestPacket(bytes, packet, length)) {
      responder.refuse(new StreamPacket(this, now, length, bytes, at, undefined, 0), "not-stamp");
      return;
    }
    const session = sessions.of("tcp", this.#address, this.#port, ssidOf(bytes, packet), now);
    responder.receive(new StreamPacket(this, now, length, bytes, at, session, sequenceOf(bytes, packet)));
  };

  /** Counts what is wrong and ends the connection. */
  reject(reason: RejectReason<"tcp">): void {
    this.shared.responder.traffic.rejects.add(reason);
    this.end();
  }

  /** Hands `length` octets to the kernel, or keeps what it does not take; their number, or PEER_GONE. */
  write(bytes: Buffer, at: number, length: number): number {
    if (this.#closed || this.#ended) return PEER_GONE;
    const taken = this.#unsentBytes === 0 ? Math.max(0, this.socket.write(bytes, at, length)) : 0;
    if (taken < length) this.#keepUnsent(bytes.subarray(at + taken, at + length));
    return length;
  }

  #keepUnsent(rest: Buffer): void {
    this.#unsent.push(rest);
    this.#unsentBytes += rest.length;
    if (this.#unsentBytes > this.shared.unreadLimit) this.socket.pause();
  }

  /** The kernel takes more. */
  drain(): void {
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
    this.#endWhenDone();
  }

  /** The peer will say no more; it still gets what it is owed. */
  peerEnded(): void {
    this.#peerEnded = true;
    if (this.#mode === "opening" && this.#opening.length > 0) {
      clearTimeout(this.#openingTimer);
      this.#decidePlain(this.#opening);
    }
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (this.#peerEnded && this.waiting === 0 && this.#unsentBytes === 0) this.end();
  }

  /** Nobody has said anything for too long. */
  idle(): void {
    this.shared.responder.traffic.rejects.add(this.#unsentBytes > 0 ? "slow-reader" : "idle");
    this.reset();
  }

  /** Closes in order: what the kernel has still goes. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.socket.end();
  }

  /** Closes at once, with a reset (RFC 9293 section 3.5.2). */
  reset(): void {
    this.#ended = true;
    this.socket.terminate();
  }

  /** The connection is gone. */
  closed(): void {
    clearTimeout(this.#openingTimer);
    this.#closed = true;
    if (this.#frames.unfinished) this.shared.responder.traffic.rejects.add("cut-frame");
  }
}

/** Listens for connections and hands each packet to the responder. Throws the system's error where it cannot listen. */
export function listenTcp(options: TcpServerOptions, responder: Responder, sessions: Sessions): TcpServer {
  const { hostname, port, limits } = options;
  const shared: Shared = { responder, sessions, unreadLimit: limits.tcpUnreadBytes };
  const open = new Set<Socket>();
  let refused = 0;
  let paused = false;
  const listener = Bun.listen<Connection | undefined>({
    hostname,
    port,
    allowHalfOpen: true,
    data: undefined,
    socket: {
      open(socket) {
        if (open.size >= limits.tcpConnections) {
          refused++;
          responder.traffic.rejects.add("connection-limit");
          socket.terminate();
          return;
        }
        open.add(socket);
        responder.traffic.connections++;
        socket.timeout(limits.tcpIdleSeconds);
        socket.data = new Connection(socket, shared);
      },
      data(socket, chunk) {
        if (!paused) socket.data?.data(chunk);
      },
      drain: (socket) => socket.data?.drain(),
      end: (socket) => socket.data?.peerEnded(),
      timeout: (socket) => socket.data?.idle(),
      error(socket) {
        responder.traffic.rejects.add("failed");
        socket.terminate();
      },
      close(socket) {
        open.delete(socket);
        socket.data?.closed();
      },
    },
  });
  return {
    port: listener.port,
    connections: () => open.size,
    refused: () => refused,
    pause() {
      paused = true;
      listener.stop();
    },
    close() {
      for (const socket of open) socket.end();
      listener.stop(true);
    },
  };
}
