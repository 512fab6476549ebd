/** The opening handshake of a WebSocket client (RFC 6455 section 4), without extensions and subprotocols. */
import { createHash } from "node:crypto";
import type { Prologue } from "../socket-owner.ts";
import { openingError } from "../tls-errors.ts";
import { NOT_WEBSOCKET } from "./message-reader.ts";

/** The value that a server appends to the key (RFC 6455 section 1.3). */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Most octets of a response head. */
const MAX_HEAD = 16_384;
const HEAD_END = Buffer.from("\r\n\r\n");
const VERSION = Buffer.from("HTTP/1.1 ");

type Fields = readonly (readonly [name: string, value: string])[];

function refused(reason: string): Error {
  return openingError(reason, NOT_WEBSOCKET);
}

/** The handshake of one connection. */
export class WebSocketHandshake implements Prologue {
  readonly request: Buffer;
  readonly #key = crypto.getRandomValues(Buffer.alloc(16)).toString("base64");
  #head: Buffer = Buffer.alloc(0);

  /** @param headers header fields in addition; they replace the default fields of the same name */
  constructor(url: URL, headers: Fields = []) {
    const own: Fields = [
      ["Host", url.host],
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Key", this.#key],
      ["Sec-WebSocket-Version", "13"],
      ["User-Agent", "wirelab-load"],
    ];
    const given = new Set(headers.map(([name]) => name.toLowerCase()));
    const fields = [...own.filter(([name]) => !given.has(name.toLowerCase())), ...headers];
    const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
    this.request = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  }

  read(chunk: Buffer): number | undefined {
    const before = this.#head.length;
    this.#head = Buffer.concat([this.#head, chunk]);
    const start = this.#head.subarray(0, VERSION.length);
    if (!VERSION.subarray(0, start.length).equals(start)) throw refused("the target does not speak HTTP/1.1");
    const end = this.#head.indexOf(HEAD_END, Math.max(0, before - HEAD_END.length));
    if (end < 0 && this.#head.length > MAX_HEAD) throw refused("the answer to the WebSocket handshake is too long");
    if (end < 0) return undefined;
    this.#check(this.#head.toString("latin1", 0, end).split("\r\n"));
    return end + HEAD_END.length - before;
  }

  #check([statusLine = "", ...lines]: readonly string[]): void {
    const status = statusLine.slice(VERSION.length, VERSION.length + 3);
    if (status !== "101") throw refused(`the target answers the WebSocket handshake with status ${status}`);
    const fields = new Map(lines.map((line) => fieldOf(line)));
    const accept = createHash("sha1").update(`${this.#key}${ACCEPT_SUFFIX}`).digest("base64");
    const isUpgrade = fields.get("upgrade")?.toLowerCase() === "websocket";
    const isConnection = /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(fields.get("connection") ?? "");
    if (!isUpgrade || !isConnection || fields.get("sec-websocket-accept") !== accept) {
      throw refused("the target's answer to the WebSocket handshake is not valid");
    }
    if (fields.get("sec-websocket-extensions")) throw refused("the target selects an extension, and none was offered");
    if (fields.get("sec-websocket-protocol")) throw refused("the target selects a subprotocol, and none was offered");
  }
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(":");
  return [line.slice(0, Math.max(0, colon)).trim().toLowerCase(), line.slice(colon + 1).trim()];
}
