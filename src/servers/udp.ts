/** UDP: a datagram is a packet. Plain ones get `ACK-UDP`, STAMP test packets their reflector packet. */
import { formatPeer, plainAddress } from "../base/address.ts";
import { receiveBufferDrops, setReceiveBuffer } from "../base/kernel.ts";
import { resendOnError } from "../base/resend.ts";
import { corrupt, type Fate } from "../faults/faults.ts";
import type { RejectReason } from "../metrics/counters.ts";
import { type Exchange, type Responder, SEND_FAILED } from "../reflector/responder.ts";
import type { Session, Sessions } from "../reflector/sessions.ts";
import { isAnswer, isTestPacket, STAMP_LENGTH, sequenceOf, ssidOf, writeAnswer } from "../stamp/packet.ts";

const ACK = Buffer.from("ACK-UDP");

/**
 * Source ports that get no answer: none at all, and services that answer whatever they are sent, so that two of them
 * would talk for ever: echo, discard, daytime, quotd, chargen, time, dns, tftp, ntp, snmp, ssdp, mdns, memcached.
 */
const REFLECTOR_PORTS: readonly number[] = [0, 7, 9, 13, 17, 19, 37, 53, 69, 123, 161, 1900, 5353, 11_211];
/** The port of STAMP and TWAMP-Light reflectors (RFC 8762 section 4.1). */
const STAMP_PORT = 862;

/** Octets of an answer that a sender can check against what it sent: a flipped bit there is seen, not believed. */
const CHECKED_FROM = 28;

export interface UdpServerOptions {
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Every datagram of 44 octets or more is a test packet, every other is dropped: the STAMP port. */
  readonly stampOnly: boolean;
  /** Receive buffer asked for, octets. */
  readonly receiveBuffer: number;
}

/** A UDP socket of the lab. */
export interface UdpServer {
  readonly port: number;
  /** Has datagrams from `port` refused: another socket of this lab. */
  refuseSource(port: number): void;
  /** Datagrams that the kernel dropped because the receive buffer was full. */
  receiveBufferDrops(): number;
  /** From now on what arrives is ignored; answers in flight still go. */
  pause(): void;
  close(): void;
}

type Socket = Bun.udp.Socket<"buffer">;

/** One datagram and the way back. The server uses one object for all that are answered at once. */
class Datagram implements Exchange {
  receivedAt = 0;
  bytes = 0;
  session: Session | undefined;
  sequence = 0;
  readonly workMs = 0;
  data: Buffer = ACK;
  port = 0;
  address = "";
  readonly #attempt = () => this.socket.send(this.data, this.port, this.address);

  constructor(
    private readonly socket: Socket,
    private readonly clock: Responder["clock"],
  ) {}

  peer(): string {
    return formatPeer(this.address, this.port);
  }

  get heldBytes(): number {
    return this.data.length;
  }

  order(dueAt: number): number {
    return dueAt;
  }

  keep(): Datagram {
    return Object.assign(new Datagram(this.socket, this.clock), this);
  }

  encode(reflectorSequence: number, { corruptAt }: Readonly<Fate>): void {
    if (this.session) {
      const now = this.clock.now();
      const sentAt = this.clock.wallAt(now);
      const receivedAt = sentAt - (now - this.receivedAt); // by one look at the wall clock, which may be set meanwhile
      writeAnswer(this.data, { sequence: reflectorSequence, receivedAt, sentAt });
      if (corruptAt >= 0) corrupt(this.data, corruptAt, CHECKED_FROM, STAMP_LENGTH);
    } else {
      const length = Math.min(this.data.length, ACK.length);
      this.data = corruptAt >= 0 ? corruptAck(length, corruptAt) : ACK.subarray(0, length);
    }
  }

  send(): number {
    return resendOnError(this.#attempt) === true ? this.data.length : SEND_FAILED;
  }

  drop(): void {
    // silence is UDP's way to say it
  }
}

/** The bit that a plain answer loses or gains when it is corrupted: the one that no ASCII letter has. */
const CORRUPT_BIT = 0x80;

/** A plain answer with one bit flipped, so that another lab still knows it for what it is and does not answer it. */
function corruptAck(length: number, place: number): Buffer {
  const bytes = Buffer.from(ACK.subarray(0, length));
  const at = Math.floor(place * length);
  bytes[at] = (bytes[at] ?? 0) ^ CORRUPT_BIT;
  return bytes;
}

/**
 * Whether a plain datagram is the lab's own answer, corrupted or not, or a part of it: answering would go on for ever
 * between two labs.
 */
function isOwnReply(data: Buffer): boolean {
  if (data.length > ACK.length) return false;
  return ACK.includes(data) || data.every((octet, i) => (octet & ~CORRUPT_BIT) === ACK[i]);
}

/** Listens for datagrams and hands each to the responder. Rejects with the system's error where it cannot listen. */
export async function listenUdp(
  { hostname, port, stampOnly, receiveBuffer }: UdpServerOptions,
  responder: Responder,
  sessions: Sessions,
): Promise<UdpServer> {
  const refusedSources = new Uint8Array(65_536);
  for (const refused of REFLECTOR_PORTS) refusedSources[refused] = 1;
  if (stampOnly) refusedSources[STAMP_PORT] = 1;
  let paused = false;
  const socket: Socket = await Bun.udpSocket({
    hostname,
    port,
    socket: {
      data(_, data, port, address) {
        if (!paused) receive(data, port, address);
      },
      error() {
        // an ICMP port-unreachable: the client of an earlier answer is gone
        responder.traffic.rejects.add("peer-gone");
      },
    },
  });
  setReceiveBuffer(socket, receiveBuffer);
  refusedSources[socket.port] = 1;
  const current = new Datagram(socket, responder.clock);

  function receive(data: Buffer, port: number, address: string): void {
    current.receivedAt = responder.clock.now();
    current.bytes = data.length;
    current.session = undefined;
    current.data = data;
    current.port = port;
    current.address = address;
    const refused = refusal(data, port);
    if (refused) {
      responder.refuse(current, refused);
      return;
    }
    if (stampOnly || isTestPacket(data)) {
      current.sequence = sequenceOf(data);
      current.session = sessions.of("udp", plainAddress(address), port, ssidOf(data), current.receivedAt);
    }
    responder.receive(current);
  }

  function refusal(data: Buffer, port: number): (RejectReason<"udp"> & Parameters<Responder["refuse"]>[1]) | undefined {
    if (refusedSources[port] === 1) return "source-refused";
    if (stampOnly && data.length < STAMP_LENGTH) return "not-stamp";
    if (stampOnly) return isAnswer(data) ? "own-reply" : undefined;
    return isOwnReply(data) ? "own-reply" : undefined;
  }

  return {
    port: socket.port,
    refuseSource(port) {
      refusedSources[port] = 1;
    },
    receiveBufferDrops: () => (socket.closed ? 0 : (receiveBufferDrops([socket]) ?? 0)),
    pause() {
      paused = true;
    },
    close: () => socket.close(),
  };
}
