/** WebSocket servers on bare sockets, which can send any octets. */
import { createHash } from "node:crypto";

/** A message of the client, and its number at the server, from 0. */
export interface Message {
  readonly payload: Buffer;
  readonly opcode: number;
  readonly index: number;
}

/** A frame of a server: not masked. */
export function serverFrame(flags: number, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload);
  const is16 = body.length < 2 ** 16;
  const header = Buffer.alloc(body.length < 126 ? 2 : is16 ? 4 : 10);
  header[0] = flags;
  header[1] = body.length < 126 ? body.length : is16 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(body.length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([header, body]);
}

/** A WebSocket server. */
export interface WebSocketTarget extends Disposable {
  readonly port: number;
  /** Opcodes and payloads of the control frames of all clients, in order. */
  readonly control: string[];
  readonly accepted: { count: number };
}

/** Reads the frames of a client (RFC 6455 section 5.2); a client's frame has a mask. */
function readFrame(
  bytes: Buffer,
): { readonly payload: Buffer; readonly opcode: number; readonly size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  if (((bytes[1] ?? 0) & 0x80) === 0) throw new Error("a client's frame without a mask");
  const keyAt = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < keyAt + 4) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const size = keyAt + 4 + length;
  if (bytes.length < size) return undefined;
  const payload = Buffer.from(bytes.subarray(keyAt + 4, size));
  for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[keyAt + (i % 4)] ?? 0);
  return { payload, opcode: (bytes[0] ?? 0) & 0x0f, size };
}

/**
 * Listens on a free port, and answers each message with the octets that `answer` returns.
 * @param tls the certificate for `wss`
 */
export function websocketTarget(
  answer: (message: Message, socket: Bun.Socket<{ bytes: Buffer; isOpen: boolean }>) => readonly Buffer[],
  tls?: Bun.TLSOptions,
): WebSocketTarget {
  const control: string[] = [];
  const accepted = { count: 0 };
  let index = 0;
  const server = Bun.listen<{ bytes: Buffer; isOpen: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls && { tls }),
    socket: {
      open(socket) {
        socket.data = { bytes: Buffer.alloc(0), isOpen: false };
        accepted.count++;
      },
      data(socket, chunk) {
        const { data } = socket;
        data.bytes = Buffer.concat([data.bytes, chunk]);
        if (!data.isOpen && !shakeHands(socket)) return;
        for (let frame = readFrame(data.bytes); frame !== undefined; frame = readFrame(data.bytes)) {
          data.bytes = data.bytes.subarray(frame.size);
          if (frame.opcode >= 8) control.push(`${frame.opcode} ${frame.payload.toString("hex")}`);
          else for (const octets of answer({ ...frame, index: index++ }, socket)) socket.write(octets);
        }
      },
      error() {},
    },
  });
  return { port: server.port, control, accepted, [Symbol.dispose]: () => server.stop(true) };
}

function shakeHands(socket: Bun.Socket<{ bytes: Buffer; isOpen: boolean }>): boolean {
  const { data } = socket;
  const end = data.bytes.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const key = /sec-websocket-key: (\S+)/i.exec(data.bytes.toString("latin1", 0, end))?.[1];
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`;
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`);
  data.bytes = data.bytes.subarray(end + 4);
  data.isOpen = true;
  return true;
}
