/** A WebSocket connection under the control of the test: writes any octets as frames (RFC 6455 section 5). */
import { openTcp, openTls, type Peer } from "./tcp.ts";
import { until } from "./until.ts";

/** Codes of frames. */
export const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10] as const;

/** How a frame differs from a valid one that is a whole message. */
interface FrameOptions {
  /** Whether it is the last frame of its message. */
  readonly fin?: boolean;
  readonly masked?: boolean;
  /** The reserved bits. */
  readonly reserved?: number;
  /** The announced length, octets; by default that of the payload. */
  readonly length?: number;
}

/** One frame of a client; the mask is zero, so that the payload is as it is. */
export function frameOf(code: number, payload: string | Uint8Array = "", options: FrameOptions = {}): Buffer {
  const octets = Buffer.from(payload);
  const { fin = true, masked = true, reserved = 0, length = octets.length } = options;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | (reserved << 4) | code;
  header[1] = (masked ? 0x80 : 0) | Math.min(length, length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, Buffer.alloc(masked ? 4 : 0), octets]);
}

/** The payload of a close frame. */
export function closeOf(code: number, reason: string | Uint8Array = ""): Buffer {
  return Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]);
}

/** A frame of the lab. */
export interface Frame {
  readonly code: number;
  readonly payload: Buffer;
}

/** The complete frames in what was received. */
export function framesIn(octets: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 2 <= octets.length; ) {
    const short = (octets[at + 1] ?? 0) & 127;
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    if (start > octets.length) break;
    const length = short < 126 ? short : short === 126 ? octets.readUInt16BE(at + 2) : octets.readUInt32BE(at + 6);
    if (start + length > octets.length) break;
    frames.push({ code: (octets[at] ?? 0) & 15, payload: octets.subarray(start, start + length) });
    at = start + length;
  }
  return frames;
}

/** The close code in the last frame; undefined if that is no close frame. */
export function closeCodeIn(frames: readonly Frame[]): number | undefined {
  const last = frames.at(-1);
  return last?.code === CLOSE && last.payload.length >= 2 ? last.payload.readUInt16BE(0) : undefined;
}

/** An upgraded connection. */
export interface WebSocketPeer extends Peer {
  /** The frames received so far. */
  readonly frames: readonly Frame[];
}

/** The request of an upgrade; `fields` are further header fields. */
export const upgradeRequest = (...fields: string[]) =>
  [
    "GET /ws HTTP/1.1",
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    ...fields,
    "\r\n",
  ].join("\r\n");

/** Opens a connection and upgrades it. Rejects if it is refused. */
export async function openWebSocket(port: number, secure = false): Promise<WebSocketPeer> {
  const peer = await (secure ? openTls(port) : openTcp(port));
  peer.write(upgradeRequest());
  const headEnd = () => peer.read.indexOf("\r\n\r\n") + 4;
  await until(() => headEnd() > 3, "the response to the upgrade");
  const start = headEnd();
  const head = peer.read.toString("latin1", 0, start);
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(head);
  return {
    get read() {
      return peer.read;
    },
    get ended() {
      return peer.ended;
    },
    get frames() {
      return framesIn(peer.read.subarray(start));
    },
    write: peer.write,
    finish: peer.finish,
    reset: peer.reset,
    pause: peer.pause,
    resume: peer.resume,
    [Symbol.dispose]: () => peer[Symbol.dispose](),
  };
}
