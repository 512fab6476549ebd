/** One connection whose octets are divided into STAMP packets, and its session. */

import { dataAgeOf } from "../../../base/receive-times.ts";
import { readOwnTimestamp, STAMP_LENGTH } from "../../../stamp/packet.ts";
import type { Recorder } from "../../measure/recorder.ts";
import type { ClientSettings } from "../client.ts";
import { Connector } from "../connector.ts";
import type { PollTimes } from "../poll-times.ts";
import type { ConnectorSettings, SocketOwner } from "../socket-owner.ts";
import type { Framing } from "./framing.ts";
import { ReceiveDelay } from "./receive-delay.ts";
import { SenderSession } from "./session.ts";

/** Size of the buffer for frames that the kernel has not accepted yet, octets. */
const WRITE_BUFFER = 256 * 1024;
const MIN_FRAMES = 4;
/** Octets of a frame besides its packet, at least. */
const FRAME_HEADER = 2;

/** How the connections of a client are opened, and how packets are delimited on them. */
export interface StreamKind extends Pick<ConnectorSettings, "tls" | "makePrologue"> {
  /**
   * Makes the framing of one connection.
   * @param packet the octets of each packet, into which its fields are written
   * @param frames number of frames for which there is a buffer
   */
  makeFraming(packet: Buffer, frames: number): Framing;
}

/** A connection that is reopened when it closes. Each opening starts a new session, because the source port differs. */
export class FramedConnection {
  readonly session: SenderSession;
  readonly #framing: Framing;
  readonly #connector: Connector;
  connecting = false;
  /** Earliest time of the next connection attempt, monotonic ms. */
  retryAt = 0;
  #socket: Bun.Socket | undefined;
  #now = 0;
  #receiveDelay: ReceiveDelay | undefined;
  /** A time after which the socket was read, if the present answers may have waited since then; otherwise undefined. */
  #polledAt: number | undefined;
  #recorder: Recorder;
  /** Frames added since the last flush. */
  #added = 0;
  readonly #write = (bytes: Buffer, at: number, length: number) => this.#socket?.write(bytes, at, length) ?? 0;
  readonly #onPacket = (bytes: Buffer, at: number, length: number) => {
    this.#addReceiveDelay(bytes, at, length);
    this.session.receive(bytes, this.#now, at, length);
    if (this.#polledAt !== undefined && length >= STAMP_LENGTH) this.#receiveDelay?.processed(this.#recorder);
  };

  constructor(settings: ClientSettings, kind: StreamKind, owner: SocketOwner) {
    this.#connector = new Connector({ ...settings, tls: kind.tls, makePrologue: kind.makePrologue }, owner);
    this.#recorder = settings.recorder;
    this.session = new SenderSession({ ...settings, highestRate: settings.highestRate / settings.connections });
    const frames = Math.max(MIN_FRAMES, Math.floor(WRITE_BUFFER / (settings.size + FRAME_HEADER)));
    this.#framing = kind.makeFraming(this.session.newPacket(), frames);
  }

  /** The open socket; undefined between two openings. */
  get socket(): Bun.Socket | undefined {
    return this.#socket;
  }

  /** Whether the connection is open and can accept another packet. */
  get hasCapacity(): boolean {
    return this.#socket !== undefined && this.#framing.writer.hasCapacity && this.session.hasCapacity;
  }

  /** Error code for what the target has sent, if that is a part of a frame; otherwise undefined. */
  get unfinished(): string | undefined {
    return this.#framing.unfinished;
  }

  /** Opens the connection; the owner attaches the socket. */
  connect(patienceMs: number): Promise<void> {
    return this.#connector.connect(patienceMs);
  }

  /** Starts to use a socket that has just opened, at `now` (monotonic ms). */
  attach(socket: Bun.Socket, now: number): void {
    this.#receiveDelay = new ReceiveDelay(now, dataAgeOf(socket));
    this.#socket = socket;
    this.#framing.start(this.#write);
  }

  /** Discards the closed socket and the frames that were not sent. */
  detach(): void {
    this.#socket = undefined;
    this.#added = 0;
    this.#framing.writer.clear();
  }

  /** Ends the open connection, after what the framing sends for this. */
  end(): void {
    const socket = this.#socket;
    this.#framing.end?.(this.#write);
    // The field is cleared first, because `end` can call the close handler before it returns.
    this.#socket = undefined;
    socket?.end();
  }

  /** Adds the next packet to the buffer. */
  add(intendedAt: number, now: number): void {
    this.session.add(intendedAt, now);
    this.#framing.writer.claim();
    this.#added++;
  }

  /** Passes buffered frames to the kernel. What it does not accept at once waits for the target, not for this sender. */
  flush(): void {
    if (this.#socket === undefined) return;
    if (this.#added > 0) this.#stampAdded();
    this.#framing.drain(this.#write);
  }

  #stampAdded(): void {
    const { session } = this;
    const { writer } = this.#framing;
    const { now } = session;
    for (let back = this.#added; back > 0; back--) {
      if (session.stamp(writer.bytes, writer.packetAt(back), back, now)) this.#framing.seal?.(back);
      session.handedOver(back);
    }
    this.#added = 0;
  }

  /** Reads the packets of a chunk that was read at `now` (monotonic ms); returns why no more can follow, if so. */
  receive(chunk: Buffer, now: number, polls: PollTimes, recorder: Recorder): string | undefined {
    this.#now = now;
    this.#recorder = recorder;
    this.#polledAt = polls.mayHaveWaited(now) ? polls.polledAt : undefined;
    const end = this.#framing.read(chunk, this.#onPacket);
    if (this.#polledAt !== undefined) this.#receiveDelay?.endTurn(recorder);
    return end;
  }

  /** Notes when an answer left the target, or this sender if the target is an echo server: both are at octet 4. */
  #addReceiveDelay(bytes: Buffer, at: number, length: number): void {
    if (length < STAMP_LENGTH) return;
    if (this.#polledAt === undefined) this.#recorder.receiveDelay.record(0);
    else this.#receiveDelay?.add(this.#now, readOwnTimestamp(bytes, at, 4), this.#polledAt);
  }
}
