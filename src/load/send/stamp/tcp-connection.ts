/** One TCP connection with STAMP frames, and its session. */

import { dataAgeOf } from "../../../base/receive-times.ts";
import { FRAME_HEADER_LENGTH, FrameReader, FrameWriter, STAMP_PREFACE } from "../../../stamp/frames.ts";
import { readOwnTimestamp, STAMP_LENGTH } from "../../../stamp/packet.ts";
import type { Recorder } from "../../measure/recorder.ts";
import type { ClientSettings } from "../client.ts";
import type { PollTimes } from "../poll-times.ts";
import { ReceiveDelay } from "./receive-delay.ts";
import { SenderSession } from "./session.ts";

/** Size of the buffer for frames that the kernel has not accepted yet, octets. */
const WRITE_BUFFER = 256 * 1024;
const MIN_FRAMES = 4;
/** Frames of every length are read, because a reflector other than the lab's may shorten its packets. */
const ANY_LENGTH = 0;

/** Error code for a peer that answered with something other than whole frames. */
export const UNFRAMED = "not-framed";

/** A connection that is reopened when it closes. Each opening starts a new session, because the source port differs. */
export class TcpConnection {
  readonly session: SenderSession;
  readonly writer: FrameWriter;
  connecting = false;
  /** Earliest time of the next connection attempt, monotonic ms. */
  retryAt = 0;
  #socket: Bun.Socket | undefined;
  #reader = new FrameReader(ANY_LENGTH);
  /** Octets of the preface that an echo server may still return; 0 after the first octet that differs. */
  #prefaceLeft = 0;
  #now = 0;
  #receiveDelay: ReceiveDelay | undefined;
  /** A time after which the socket was read, if the present answers may have waited since then; otherwise undefined. */
  #polledAt: number | undefined;
  #recorder: Recorder;
  /** Frames added since the last flush. */
  #added = 0;
  readonly #write = (bytes: Buffer, at: number, length: number) => this.#socket?.write(bytes, at, length) ?? 0;
  readonly #onFrame = (bytes: Buffer, at: number, length: number) => {
    this.#addReceiveDelay(bytes, at + FRAME_HEADER_LENGTH, length);
    this.session.receive(bytes, this.#now, at + FRAME_HEADER_LENGTH, length);
    if (this.#polledAt !== undefined && length >= STAMP_LENGTH) this.#receiveDelay?.processed(this.#recorder);
  };

  constructor(settings: ClientSettings) {
    this.#recorder = settings.recorder;
    this.session = new SenderSession({ ...settings, highestRate: settings.highestRate / settings.connections });
    const frames = Math.max(MIN_FRAMES, Math.floor(WRITE_BUFFER / (settings.size + FRAME_HEADER_LENGTH)));
    this.writer = new FrameWriter(this.session.newPacket(), frames);
  }

  /** The open socket; undefined between two openings. */
  get socket(): Bun.Socket | undefined {
    return this.#socket;
  }

  /** Whether the connection is open and can accept another packet. */
  get hasCapacity(): boolean {
    return this.#socket !== undefined && this.writer.hasCapacity && this.session.hasCapacity;
  }

  /** Whether the peer has sent a part of a frame. */
  get hasPartialFrame(): boolean {
    return this.#reader.unfinished;
  }

  /** Starts to use a socket that has just opened, at `now` (monotonic ms). */
  attach(socket: Bun.Socket, now: number): void {
    socket.setNoDelay(true);
    this.#receiveDelay = new ReceiveDelay(now, dataAgeOf(socket));
    this.#prefaceLeft = STAMP_PREFACE.length;
    this.#reader = new FrameReader(ANY_LENGTH);
    // The first write on a new connection: the kernel's buffer is empty, so it accepts all 8 octets.
    socket.write(STAMP_PREFACE);
    this.#socket = socket;
  }

  /** Discards the closed socket and the frames that were not sent. */
  detach(): void {
    this.#socket = undefined;
    this.#added = 0;
    this.writer.clear();
  }

  /** Adds the next packet to the buffer. */
  add(intendedAt: number, now: number): void {
    this.session.add(intendedAt, now);
    this.writer.claim();
    this.#added++;
  }

  /** Passes buffered frames to the kernel. What it does not accept at once waits for the target, not for this sender. */
  flush(): void {
    if (this.#socket === undefined) return;
    if (this.#added > 0) this.#stampAdded();
    this.writer.drain(this.#write);
  }

  #stampAdded(): void {
    const { session, writer } = this;
    const { now } = session;
    for (let back = this.#added; back > 0; back--) {
      session.stamp(writer.bytes, writer.packetAt(back), back, now);
      session.handedOver(back);
    }
    this.#added = 0;
  }

  /** Reads the frames of a chunk that was read at `now` (monotonic ms). */
  receive(chunk: Buffer, now: number, polls: PollTimes, recorder: Recorder): void {
    this.#now = now;
    this.#recorder = recorder;
    this.#polledAt = polls.mayHaveWaited(now) ? polls.polledAt : undefined;
    this.#reader.read(this.#prefaceLeft === 0 ? chunk : this.#withoutPreface(chunk), this.#onFrame);
    if (this.#polledAt !== undefined) this.#receiveDelay?.endTurn(recorder);
  }

  /** Notes when an answer left the target, or this sender if the target is an echo server: both are at octet 4. */
  #addReceiveDelay(bytes: Buffer, at: number, length: number): void {
    if (length < STAMP_LENGTH) return;
    if (this.#polledAt === undefined) this.#recorder.receiveDelay.record(0);
    else this.#receiveDelay?.add(this.#now, readOwnTimestamp(bytes, at, 4), this.#polledAt);
  }

  /** The chunk without the octets of the preface, which an echo server returns first. */
  #withoutPreface(chunk: Buffer): Buffer {
    const expected = STAMP_PREFACE.slice(-this.#prefaceLeft);
    const length = Math.min(expected.length, chunk.length);
    // A reflector's frame cannot begin like the preface: its sequence number would be above 10^9.
    if (chunk.toString("latin1", 0, length) !== expected.slice(0, length)) {
      this.#prefaceLeft = 0;
      return chunk;
    }
    this.#prefaceLeft -= length;
    return chunk.subarray(length);
  }
}
