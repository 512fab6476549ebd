/** The UDP listener: a datagram is a packet. Plain datagrams get `ACK-UDP`, STAMP test packets their reflector packet. */
import { formatPeer, plainAddress } from "../base/address.ts";
import { REFLECTOR_PORTS } from "../base/reflector-ports.ts";
import { resendOnError } from "../base/resend.ts";
import { corrupt, type DirectionFate } from "../faults/decide.ts";
import type { DropReason, RejectReason } from "../metrics/counters.ts";
import { type Exchange, SEND_FAILED } from "../reflector/exchange.ts";
import type { Responder } from "../reflector/responder.ts";
import type { LocalEnd, Session } from "../reflector/session.ts";
import { isAnswer, isTestPacket, STAMP_LENGTH, sequenceOf, ssidOf, writeAnswer } from "../stamp/packet.ts";
import type { Listener, ListenerContext } from "./listener.ts";
import { type UdpHandlers, type UdpSocket, UdpSockets } from "./udp/sockets.ts";

const ACK = Buffer.from("ACK-UDP");

/** The port of STAMP and TWAMP-Light reflectors (RFC 8762 section 4.1). */
const STAMP_PORT = 862;

/** First octet of a reflector packet that a sender can compare with what it sent: a bit flipped there is detected. */
const CHECKED_FROM = 28;

/**
 * The octets of a test packet that a lab repeats and a sender can compare with what it sent: the send time and its error
 * estimate. A bit flipped there is detected.
 */
const REPEATED_FROM = 4;
const REPEATED_TO = 14;

/** A datagram and its source. The listener reuses one object for all datagrams that are answered at once. */
class Datagram implements Exchange {
  receivedAt = 0;
  bytes = 0;
  session: Session | undefined;
  sequence = 0;
  readonly workMs = 0;
  data: Buffer = ACK;
  port = 0;
  address = "";
  /** The socket that received it. */
  socket: UdpSocket | undefined;
  readonly #attempt = () => this.socket?.send(this.data, this.port, this.address);

  constructor(private readonly clock: Responder["clock"]) {}

  peer(): string {
    return formatPeer(this.address, this.port);
  }

  get heldBytes(): number {
    return this.data.length;
  }

  depart(dueAt: number): number {
    return dueAt;
  }

  arrive(now: number): boolean {
    this.receivedAt = now;
    return true;
  }

  damage(place: number): void {
    if (this.session) corrupt(this.data, place, REPEATED_FROM, REPEATED_TO);
  }

  copy(): Exchange {
    // The response is written into the octets of the packet.
    return Object.assign(this.keep(), { data: Buffer.from(this.data) });
  }

  order(dueAt: number): number {
    return dueAt;
  }

  keep(): this {
    // A Datagram with the fields of this one; the class has no subclass.
    return Object.assign(new Datagram(this.clock), this) as this;
  }

  encode(reflectorSequence: number, { corruptAt }: Readonly<DirectionFate>): void {
    if (!this.session) {
      const length = Math.min(this.data.length, ACK.length);
      this.data = corruptAt >= 0 ? corruptAck(length, corruptAt) : ACK.subarray(0, length);
      return;
    }
    const now = this.clock.now();
    const sentAt = this.clock.wallAt(now);
    // Both timestamps come from one reading of the wall clock, which may be set between two.
    const receivedAt = sentAt - (now - this.receivedAt);
    writeAnswer(this.data, { sequence: reflectorSequence, receivedAt, sentAt });
    if (corruptAt >= 0) corrupt(this.data, corruptAt, CHECKED_FROM, STAMP_LENGTH);
  }

  send(): number {
    return resendOnError(this.#attempt) === true ? this.data.length : SEND_FAILED;
  }

  drop(): void {
    // a lost datagram gets no response
  }
}

/** The bit that a corrupted plain response has flipped: the one that is 0 in every ASCII character. */
const CORRUPT_BIT = 0x80;

/** A plain response with one bit flipped. Another lab still recognises it as a response and does not respond to it. */
function corruptAck(length: number, place: number): Buffer {
  const bytes = Buffer.from(ACK.subarray(0, length));
  const at = Math.floor(place * length);
  bytes[at] = (bytes[at] ?? 0) ^ CORRUPT_BIT;
  return bytes;
}

/** Whether a plain datagram is a lab's own response, corrupted or not, or a part of one: two labs would loop. */
function isOwnReply(data: Buffer): boolean {
  if (data.length > ACK.length) return false;
  return ACK.includes(data) || data.every((octet, i) => (octet & ~CORRUPT_BIT) === ACK[i]);
}

/** Listens for datagrams and passes each to the responder. */
export async function listen(context: ListenerContext): Promise<Listener> {
  const { hostname, port, responder, sessions, limits, stampOnly, labPorts } = context;
  let paused = true; // until everything that a datagram needs exists
  const current = new Datagram(responder.clock);
  const handlers: UdpHandlers = {
    data(socket, data, port, address, isForged) {
      if (!paused) receive(socket, data, port, address, isForged);
    },
    error(error) {
      // ICMP port unreachable: the client of an earlier response has closed its socket. Errors of `data` have no code.
      if (error && "code" in error) responder.traffic.rejects.add("peer-gone");
      else responder.failed(error);
    },
  };
  const now = () => responder.clock.now();
  const sockets = await UdpSockets.open(hostname, port, limits.udpReceiveBuffer, handlers, now);
  labPorts[sockets.port] = 1;
  const drops = () => sockets.receiveBufferDrops();
  const end: LocalEnd = { protocol: "udp", address: hostname, port: sockets.port, receiveBufferDrops: drops };
  sessions.addEnd(end);
  paused = false;

  function receive(socket: UdpSocket, data: Buffer, port: number, address: string, isForged: boolean): void {
    current.socket = socket;
    current.receivedAt = responder.clock.now();
    socket.received(current.receivedAt);
    current.bytes = data.length;
    current.session = undefined;
    current.data = data;
    current.port = port;
    current.address = address;
    const refused = isForged ? "source-refused" : refusal(data, port);
    if (refused) {
      responder.refuse(current, refused);
      return;
    }
    if (stampOnly || isTestPacket(data)) {
      current.sequence = sequenceOf(data);
      current.session = sessions.of(end, plainAddress(address), port, ssidOf(data), current.receivedAt);
    }
    responder.receive(current);
  }

  function refusal(data: Buffer, port: number): (RejectReason<"udp"> & DropReason) | undefined {
    if (labPorts[port] === 1 || REFLECTOR_PORTS.has(port)) return "source-refused";
    if (!stampOnly) return isOwnReply(data) ? "own-reply" : undefined;
    if (port === STAMP_PORT) return "source-refused";
    if (data.length < STAMP_LENGTH) return "not-stamp";
    return isAnswer(data) ? "own-reply" : undefined;
  }

  return {
    protocol: "udp",
    port: sockets.port,
    connections: () => undefined,
    connectionTable: undefined,
    countsConnections: false,
    receiveBufferDrops: () => drops() ?? 0,
    async pause() {
      paused = true;
    },
    async close() {
      sockets.close();
    },
  };
}
