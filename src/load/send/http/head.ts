/** The status line and the header fields of an HTTP/1 response (RFC 9112), as far as a load run needs them. */
import { durationOf, fateOf, type ResponseFields } from "./fields.ts";
import { beginsStatusLine, digits, FIELDS, fieldAt, VERSION } from "./octets.ts";

const NOT_HTTP = "not an HTTP/1 status line";
const CR = 13;
const LF = 10;
const COLON = 58;
const SPACE = 32;
const ZERO = 48;
/** Most digits of a Content-Length: a double holds every integer of so many digits. */
const MAX_DIGITS = 15;

/** A response that violates the protocol. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** The head of one response. */
export class ResponseHead implements ResponseFields {
  status = 0;
  dropped: "up" | "down" | undefined;
  serverMs: number | undefined;
  /** Whether the connection closes after this response. */
  closes = false;
  /** Content-Length; -1 if there is none. */
  length = -1;
  /** Whether the body is chunked. */
  chunked = false;

  /** Prepares for the next response. */
  clear(): void {
    this.status = 0;
    this.dropped = undefined;
    this.serverMs = undefined;
    this.closes = false;
    this.length = -1;
    this.chunked = false;
  }

  /** Reads a head that starts at `start`; returns the offset after it, or -1 if it is incomplete. Throws ProtocolError. */
  read(bytes: Buffer, start: number): number {
    let at = start;
    for (;;) {
      const end = bytes.indexOf(LF, at);
      if (end < 0) {
        // Another protocol is recognised by its first octets, because it may never send the end of a line.
        if (this.status === 0 && !beginsStatusLine(bytes, at, bytes.length)) throw new ProtocolError(NOT_HTTP);
        this.clear();
        return -1;
      }
      const lineEnd = end > at && bytes[end - 1] === CR ? end - 1 : end;
      if (lineEnd === at && this.status !== 0) return end + 1;
      if (this.status === 0) this.#readStatusLine(bytes, at, lineEnd);
      else this.#readField(bytes, at, lineEnd);
      at = end + 1;
    }
  }

  #readStatusLine(bytes: Buffer, at: number, end: number): void {
    const code = digits(bytes, at + 9, at + 12);
    if (end - at < 12 || !beginsStatusLine(bytes, at, end) || !(code >= 100)) throw new ProtocolError(NOT_HTTP);
    this.closes = bytes[at + VERSION.length] === ZERO;
    this.status = code;
  }

  #readField(bytes: Buffer, at: number, end: number): void {
    let colon = at;
    while (colon < end && bytes[colon] !== COLON) colon++;
    if (colon === end) throw new ProtocolError("a header line without a colon");
    const name = fieldAt(bytes, at, colon - at);
    if (name === undefined) return;
    let valueAt = colon + 1;
    while (valueAt < end && bytes[valueAt] === SPACE) valueAt++;
    if (name === FIELDS.contentLength) this.#readContentLength(bytes, valueAt, end);
    else this.#readValue(name, bytes.toString("latin1", valueAt, end).trim());
  }

  #readContentLength(bytes: Buffer, at: number, end: number): void {
    let last = end;
    while (last > at && bytes[last - 1] === SPACE) last--;
    const length = digits(bytes, at, last);
    if (!(length >= 0) || last - at > MAX_DIGITS) throw new ProtocolError("a Content-Length that is not a number");
    this.length = length;
  }

  #readValue(name: Uint8Array, value: string): void {
    if (name === FIELDS.transferEncoding) {
      this.chunked = /(^|,)\s*chunked$/i.test(value);
    } else if (name === FIELDS.connection) {
      const options = value.toLowerCase();
      if (options.includes("close")) this.closes = true;
      else if (options.includes("keep-alive")) this.closes = false;
    } else if (name === FIELDS.wirelabFate) {
      this.dropped = fateOf(value);
    } else this.serverMs = durationOf(value) ?? this.serverMs;
  }
}
