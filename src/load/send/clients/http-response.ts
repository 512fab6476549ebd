/** Reads one HTTP/1.1 response at a time from a byte stream (RFC 9112), keeping only what a load run needs. */

import { beginsStatusLine, digits, FIELDS, fieldAt, VERSION } from "./http-octets.ts";

const NOT_HTTP = "not an HTTP/1 status line";
/** The most octets of a status line and header fields: a peer that sends more is refused. */
const LARGEST_HEAD = 65_536;
const CR = 13;
const LF = 10;
const COLON = 58;
const SPACE = 32;
const ZERO = 48;
/** A body's length has at most so many digits: a double counts no further. */
const MOST_DIGITS = 15;
/** What the target did to a packet on purpose, by its own word (the header X-Wirelab-Fate). */
export type Fate = "none" | "dropped-up" | "dropped-down";

/** A response that breaks the protocol. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ProtocolError";
  }
}

type Stage = "head" | "length" | "chunk-size" | "chunk" | "trailer" | "until-close" | "done";

/** One connection's responses, one after the other. */
export class ResponseReader {
  /** The response's status code; 0 before it is known. */
  status = 0;
  fate: Fate = "none";
  /** Ms that the target says it took (Server-Timing: app;dur=MS), where it says so. */
  serverMs: number | undefined;
  /** Whether the connection ends with this response. */
  closes = false;
  readonly #bodiless: boolean;
  #stage: Stage = "head";
  #held: Buffer | undefined;
  #left = 0;
  #length = -1;
  #chunked = false;

  /** @param bodiless whether responses have no body whatever they say: the method is HEAD */
  constructor(bodiless: boolean) {
    this.#bodiless = bodiless;
  }

  /** Makes ready for the next response. */
  reset(): void {
    this.#stage = "head";
    this.#held = undefined;
    this.#clear();
  }

  #clear(): void {
    this.status = 0;
    this.fate = "none";
    this.serverMs = undefined;
    this.closes = false;
    this.#length = -1;
    this.#chunked = false;
  }

  /** Takes what came; gives whether the response is complete. Throws a ProtocolError at what HTTP does not allow. */
  feed(chunk: Buffer): boolean {
    let bytes = chunk;
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, chunk]);
      this.#held = undefined;
    }
    let at = 0;
    while (this.#stage !== "done") {
      const next = this.#step(bytes, at);
      if (next < 0) {
        if (bytes.length - at > LARGEST_HEAD) throw new ProtocolError("a line or head of more than 64 KiB");
        this.#held = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
        return false;
      }
      at = next;
    }
    if (at < bytes.length) throw new ProtocolError("octets after the response");
    return true;
  }

  /** The connection ended; gives whether that completes the response (RFC 9112 section 6.3, rule 8). */
  end(): boolean {
    return this.#stage === "until-close";
  }

  /** Does as much as the stage allows; gives where to go on, or -1 where more octets are needed. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#stage) {
      case "head":
        return this.#head(bytes, at);
      case "length":
      case "chunk":
        return this.#body(bytes, at);
      case "chunk-size":
        return this.#chunkSize(bytes, at);
      case "trailer":
        return this.#trailer(bytes, at);
      default:
        return bytes.length === at ? -1 : bytes.length;
    }
  }

  #head(bytes: Buffer, start: number): number {
    let at = start;
    for (;;) {
      const end = bytes.indexOf(LF, at);
      if (end < 0) {
        // A peer that speaks something else is told by its first octets, whether or not a line's end ever comes.
        if (this.status === 0 && !beginsStatusLine(bytes, at, bytes.length)) throw new ProtocolError(NOT_HTTP);
        this.#clear();
        return -1;
      }
      const lineEnd = end > at && bytes[end - 1] === CR ? end - 1 : end;
      if (lineEnd === at && this.status !== 0) return this.#headComplete(end + 1);
      if (this.status === 0) this.#statusLine(bytes, at, lineEnd);
      else this.#field(bytes, at, lineEnd);
      at = end + 1;
    }
  }

  #statusLine(bytes: Buffer, at: number, end: number): void {
    const code = digits(bytes, at + 9, at + 12);
    if (end - at < 12 || !beginsStatusLine(bytes, at, end) || !(code >= 100)) throw new ProtocolError(NOT_HTTP);
    this.closes = bytes[at + VERSION.length] === ZERO;
    this.status = code;
  }

  /** Only names of a length and with a first letter that matter are looked at. */
  #field(bytes: Buffer, at: number, end: number): void {
    let colon = at;
    while (colon < end && bytes[colon] !== COLON) colon++;
    if (colon === end) throw new ProtocolError("a header line without a colon");
    const name = fieldAt(bytes, at, colon - at);
    if (name === undefined) return;
    let valueAt = colon + 1;
    while (valueAt < end && bytes[valueAt] === SPACE) valueAt++;
    if (name === FIELDS.contentLength) this.#contentLength(bytes, valueAt, end);
    else this.#known(name, bytes.toString("latin1", valueAt, end).trim());
  }

  #contentLength(bytes: Buffer, at: number, end: number): void {
    let last = end;
    while (last > at && bytes[last - 1] === SPACE) last--;
    const length = digits(bytes, at, last);
    if (!(length >= 0) || last - at > MOST_DIGITS) throw new ProtocolError("a Content-Length that is not a number");
    this.#length = length;
  }

  #known(name: Uint8Array, value: string): void {
    if (name === FIELDS.transferEncoding) {
      this.#chunked = /(^|,)\s*chunked$/i.test(value);
    } else if (name === FIELDS.connection) {
      const options = value.toLowerCase();
      if (options.includes("close")) this.closes = true;
      else if (options.includes("keep-alive")) this.closes = false;
    } else if (name === FIELDS.wirelabFate) {
      this.fate = value === "dropped-up" || value === "dropped-down" ? value : "none";
    } else {
      const duration = /(?:^|,)\s*app\s*;[^,]*?dur=([\d.]+)/.exec(value);
      if (duration?.[1] !== undefined) this.serverMs = Number(duration[1]);
    }
  }

  /** The order of RFC 9112 section 6.3: what has no body, then chunks, then a length, then the end of the connection. */
  #headComplete(next: number): number {
    if (this.status < 200) {
      // An interim response (RFC 9110 section 15.2): the real one follows.
      this.#clear();
      return next;
    }
    if (this.#bodiless || this.status === 204 || this.status === 304) this.#stage = "done";
    else if (this.#chunked) this.#stage = "chunk-size";
    else if (this.#length >= 0) {
      this.#left = this.#length;
      this.#stage = this.#length === 0 ? "done" : "length";
    } else {
      this.closes = true;
      this.#stage = "until-close";
    }
    return next;
  }

  #body(bytes: Buffer, at: number): number {
    const taken = Math.min(this.#left, bytes.length - at);
    this.#left -= taken;
    if (this.#left === 0) this.#stage = this.#stage === "chunk" ? "chunk-size" : "done";
    else if (taken === 0) return -1;
    return at + taken;
  }

  /** `7b;extension` CRLF. A chunk's data is read with the CRLF behind it. */
  #chunkSize(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    if (end < 0) return -1;
    const size = /^([0-9a-f]{1,12})\s*(;|$)/i.exec(bytes.toString("latin1", at, end).trimEnd());
    if (size?.[1] === undefined) throw new ProtocolError("a chunk without a size");
    const length = Number.parseInt(size[1], 16);
    this.#left = length + 2;
    this.#stage = length === 0 ? "trailer" : "chunk";
    return end + 1;
  }

  #trailer(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    if (end < 0) return -1;
    if (end === at || (end === at + 1 && bytes[at] === CR)) this.#stage = "done";
    return end + 1;
  }
}
