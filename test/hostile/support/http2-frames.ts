/** Frames of HTTP/2 as octets (RFC 9113), for what no client library sends. */
import { connect, type TLSSocket } from "node:tls";
import { until } from "../../support/until.ts";

/** Types of frames (RFC 9113 section 6). */
export const TYPE = { data: 0, headers: 1, priority: 2, reset: 3, settings: 4, ping: 6, goaway: 7, window: 8, more: 9 };
/** Flags of HEADERS. */
export const END_STREAM = 1;
export const END_HEADERS = 4;

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const HEADER_LENGTH = 9;

/** A frame. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** The header block of a GET of `path`, at most 126 octets (RFC 7541): static entries, then literals without indexing. */
export function getBlock(path: string): Buffer {
  const authority = "127.0.0.1";
  return Buffer.concat([
    Buffer.from([0x82, 0x87, 0x04, path.length]), // :method GET, :scheme https, :path
    Buffer.from(path),
    Buffer.from([0x01, authority.length]),
    Buffer.from(authority),
  ]);
}

/** A connection that sends frames. */
export interface FrameConnection extends Disposable {
  readonly ended: boolean;
  /** The frames received so far: types, and the first four octets of the payload after the stream of a GOAWAY. */
  readonly types: readonly number[];
  /** The error code of the GOAWAY; undefined before it. */
  readonly goAway: number | undefined;
  write(...frames: readonly Buffer[]): void;
}

/** Connects to a port of HTTP/2 and sends the preface with empty settings. */
export async function openFrames(port: number): Promise<FrameConnection> {
  const types: number[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  let connected = false;
  let goAway: number | undefined;
  const options = { port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] };
  const socket: TLSSocket = connect(options, () => {
    connected = true;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
  });
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_LENGTH && rest.length >= HEADER_LENGTH + rest.readUIntBE(0, 3)) {
      const type = rest.readUInt8(3);
      types.push(type);
      if (type === TYPE.goaway) goAway = rest.readUInt32BE(HEADER_LENGTH + 4);
      rest = rest.subarray(HEADER_LENGTH + rest.readUIntBE(0, 3));
    }
  });
  await until(() => connected, "a connection");
  socket.write(Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0)]));
  return {
    get ended() {
      return ended;
    },
    types,
    get goAway() {
      return goAway;
    },
    write: (...frames) => void socket.write(Buffer.concat(frames)),
    [Symbol.dispose]: () => socket.destroy(),
  };
}
