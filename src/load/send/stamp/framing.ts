/** How packets are delimited on a connection: the interface, and the frames of TCP and TLS. */
import { FRAME_HEADER_LENGTH, FrameReader, FrameWriter, type OnFrame, STAMP_PREFACE } from "../../../stamp/frames.ts";

/** Passes octets to the kernel; returns how many it accepted. */
export type Write = (bytes: Buffer, at: number, length: number) => number;

/** Divides the octets of one connection at a time into packets. */
export interface Framing {
  /** The outgoing packets. */
  readonly writer: FrameWriter;
  /** Completes the frame of the packet that was added `back` packets before the next one, whose fields are written. */
  seal?(back: number): void;
  /** Starts a new connection: discards what was received before, and sends what comes before the first packet. */
  start(write: Write): void;
  /** Passes what is to be sent to the kernel. */
  drain(write: Write): void;
  /**
   * Calls `onPacket` with each packet that `chunk` completes: its octets, where it starts and its length. Returns an error
   * code if the connection cannot be used any more.
   */
  read(chunk: Buffer, onPacket: OnFrame): string | undefined;
  /** Error code for what was received, if that is a part of a frame; otherwise undefined. */
  readonly unfinished: string | undefined;
  /** Sends what comes before the end of the connection. */
  end?(write: Write): void;
}

/** Error code for a peer that answered with something other than whole frames. */
export const UNFRAMED = "not-framed";

/** Frames of every length are read, because a reflector other than the lab's may shorten its packets. */
const ANY_LENGTH = 0;
const PREFACE = Buffer.from(STAMP_PREFACE);

/** The preface, then a length before each packet (docs/CONTRACT.md, section 3). */
export class LengthFraming implements Framing {
  readonly writer: FrameWriter;
  readonly #reader = new FrameReader(ANY_LENGTH);
  /** Octets of the preface that an echo server may still return; 0 after the first octet that differs. */
  #prefaceLeft = 0;
  #onPacket: OnFrame = () => undefined;
  readonly #onFrame: OnFrame = (bytes, at, length) => this.#onPacket(bytes, at + FRAME_HEADER_LENGTH, length);

  constructor(packet: Buffer, frames: number) {
    this.writer = new FrameWriter(packet, frames);
  }

  get unfinished(): string | undefined {
    return this.#reader.unfinished ? UNFRAMED : undefined;
  }

  start(write: Write): void {
    this.#prefaceLeft = PREFACE.length;
    this.#reader.clear();
    // The first write on a new connection: the kernel's buffer is empty, so it accepts all 8 octets.
    write(PREFACE, 0, PREFACE.length);
  }

  drain(write: Write): void {
    this.writer.drain(write);
  }

  read(chunk: Buffer, onPacket: OnFrame): undefined {
    this.#onPacket = onPacket;
    this.#reader.read(this.#prefaceLeft === 0 ? chunk : this.#withoutPreface(chunk), this.#onFrame);
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
