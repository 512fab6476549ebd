/** Header blocks of responses, which may be divided into several frames (RFC 9113 section 4.3). */
import type { ResponseFields } from "../http/fields.ts";
import { ProtocolError } from "../http/head.ts";
import { FLAG, TYPE, unpadded } from "./frames.ts";
import { BlockReader } from "./hpack.ts";

/** Most octets of a header block, so that a target cannot fill the memory. */
const MAX_BLOCK = 65_536;
/** Octets of the priority in HEADERS. */
const PRIORITY = 5;

/** Reads the header blocks of one connection. */
export class HeaderBlocks {
  readonly #reader = new BlockReader();
  /** The fields of a response that is not awaited any more. */
  readonly #ignored: ResponseFields = { status: 0, dropped: undefined, serverMs: undefined };
  #parts: Buffer[] = [];
  #length = 0;
  #stream = 0;
  /** Whether the block ends its stream. */
  endsStream = false;

  /** Whether the last block continues in the next frame. */
  get isOpen(): boolean {
    return this.#stream !== 0;
  }

  /** Reads a frame; returns whether its block is complete, whose fields are then in `fields`. Throws a ProtocolError. */
  read(
    bytes: Buffer,
    at: number,
    length: number,
    type: number,
    flags: number,
    stream: number,
    fields: ResponseFields = this.#ignored,
  ): boolean {
    if (type === TYPE.continuation) return this.#continue(bytes.subarray(at, at + length), flags, stream, fields);
    const [start, count] = unpadded(bytes, at, length, flags);
    const priority = (flags & FLAG.priority) === 0 ? 0 : PRIORITY;
    if (priority > count) throw new ProtocolError("HEADERS that are too short");
    this.endsStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) {
      this.#reader.read(bytes, start + priority, start + count, fields);
      return true;
    }
    this.#stream = stream;
    this.#add(bytes.subarray(start + priority, start + count));
    return false;
  }

  #add(part: Buffer): void {
    this.#length += part.length;
    // An empty part counts too: there may be any number of them.
    if (this.#length + this.#parts.length > MAX_BLOCK) throw new ProtocolError("a header block of more than 64 KiB");
    this.#parts.push(Buffer.from(part));
  }

  #continue(part: Buffer, flags: number, stream: number, fields: ResponseFields): boolean {
    if (stream !== this.#stream) throw new ProtocolError("a header block that is not complete");
    this.#add(part);
    if ((flags & FLAG.endHeaders) === 0) return false;
    const block = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#stream = 0;
    this.#reader.read(block, 0, block.length, fields);
    return true;
  }
}
