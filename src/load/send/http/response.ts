/** Reads HTTP/1.1 responses from a byte stream, one after the other (RFC 9112). Bodies are skipped. */
import { ProtocolError, ResponseHead } from "./head.ts";

/** Most octets of an incomplete head or line, so that a peer cannot fill the memory. */
const MAX_HEAD = 65_536;
const CR = 13;
const LF = 10;

type Stage = "head" | "length" | "chunk-size" | "chunk" | "trailer" | "until-close" | "done";

/** The responses of one connection. */
export class ResponseReader {
  /** The head of the present response, complete when `feed` or `end` has returned true. */
  readonly head = new ResponseHead();
  readonly #bodiless: boolean;
  #stage: Stage = "head";
  /** An incomplete head or line from earlier chunks. */
  #partial: Buffer | undefined;
  /** Octets that are left of the body or the chunk. */
  #left = 0;

  /** @param bodiless whether responses have no body, whatever their fields say: the method is HEAD */
  constructor(bodiless: boolean) {
    this.#bodiless = bodiless;
  }

  /** Prepares for the next response. */
  reset(): void {
    this.#stage = "head";
    this.#partial = undefined;
    this.head.clear();
  }

  /** Reads a chunk; returns whether the response is complete. Throws a ProtocolError if it violates HTTP. */
  feed(chunk: Buffer): boolean {
    let bytes = chunk;
    if (this.#partial !== undefined) {
      bytes = Buffer.concat([this.#partial, chunk]);
      this.#partial = undefined;
    }
    let at = 0;
    while (this.#stage !== "done") {
      const next = this.#step(bytes, at);
      if (next < 0) {
        if (bytes.length - at > MAX_HEAD) throw new ProtocolError("a line or head of more than 64 KiB");
        this.#partial = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
        return false;
      }
      at = next;
    }
    if (at < bytes.length) throw new ProtocolError("octets after the response");
    return true;
  }

  /** The connection closed; returns whether this completes the response (RFC 9112 section 6.3, rule 8). */
  end(): boolean {
    return this.#stage === "until-close";
  }

  /** Reads the octets of the present stage; returns the offset after them, or -1 if more octets are needed. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#stage) {
      case "head":
        return this.#readHead(bytes, at);
      case "length":
      case "chunk":
        return this.#skipBody(bytes, at);
      case "chunk-size":
        return this.#readChunkSize(bytes, at);
      case "trailer":
        return this.#readTrailer(bytes, at);
      default:
        return bytes.length === at ? -1 : bytes.length;
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const next = this.head.read(bytes, at);
    // An interim response (RFC 9110 section 15.2) is followed by the final one.
    if (next >= 0 && this.head.status < 200) this.head.clear();
    else if (next >= 0) this.#startBody();
    return next;
  }

  /** In the order of RFC 9112 section 6.3: no body, chunks, a length, everything until the connection closes. */
  #startBody(): void {
    const { status, chunked, length } = this.head;
    if (this.#bodiless || status === 204 || status === 304) this.#stage = "done";
    else if (chunked) this.#stage = "chunk-size";
    else if (length >= 0) {
      this.#left = length;
      this.#stage = length === 0 ? "done" : "length";
    } else {
      this.head.closes = true;
      this.#stage = "until-close";
    }
  }

  #skipBody(bytes: Buffer, at: number): number {
    const skipped = Math.min(this.#left, bytes.length - at);
    this.#left -= skipped;
    if (this.#left === 0) this.#stage = this.#stage === "chunk" ? "chunk-size" : "done";
    else if (skipped === 0) return -1;
    return at + skipped;
  }

  /** `7b;extension` CRLF. The CRLF after the chunk's data is skipped with it. */
  #readChunkSize(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    if (end < 0) return -1;
    const size = /^([0-9a-f]{1,12})\s*(;|$)/i.exec(bytes.toString("latin1", at, end).trimEnd());
    if (size?.[1] === undefined) throw new ProtocolError("a chunk without a size");
    const length = Number.parseInt(size[1], 16);
    this.#left = length + 2;
    this.#stage = length === 0 ? "trailer" : "chunk";
    return end + 1;
  }

  #readTrailer(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    if (end < 0) return -1;
    if (end === at || (end === at + 1 && bytes[at] === CR)) this.#stage = "done";
    return end + 1;
  }
}
