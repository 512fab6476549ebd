/** An HTTP/2 server on bare sockets, whose frames the test makes. */
import { FLAG, FrameReader, frame, settings, TYPE } from "../../../src/load/send/http2/frames.ts";
import { ca, valid } from "./certificates.ts";

/** One connection of the server. */
export interface Peer {
  /** Requests that have arrived on the connection. */
  requests: number;
  /** Octets of their bodies. */
  body: number;
  write(...frames: Uint8Array[]): void;
  /** Writes in two parts, the second in a later turn of the event loop. */
  writeCut(bytes: Buffer, at: number): void;
  end(): void;
}

/** What the server does. */
export interface Behaviour {
  /** The first octets that it sends; by default SETTINGS without entries. */
  readonly greeting?: Uint8Array;
  /** A request is complete; `index` counts all of them from 0. */
  onRequest(peer: Peer, stream: number, index: number): void;
  /** A frame of another kind than those of requests. */
  onFrame?(peer: Peer, type: number, flags: number, stream: number, payload: Buffer): void;
}

/** The server. */
export interface Http2Target extends Disposable {
  readonly port: number;
  /** Options of a run against it. */
  readonly options: {
    readonly protocol: "http2";
    readonly target: string;
    readonly ca: string;
    readonly control: false;
  };
  readonly counts: { connections: number; requests: number; mostOpen: number };
}

/** HEADERS with this block, by default `:status: 200`. */
export function response(
  stream: number,
  { block = Buffer.of(0x88) as Uint8Array, flags = FLAG.endHeaders | FLAG.endStream } = {},
): Buffer {
  return frame(TYPE.headers, flags, stream, block);
}

/** Starts the server on a free port of the loopback interface. */
export function http2Target({
  greeting = frame(TYPE.settings, 0, 0, settings([])),
  onRequest,
  onFrame,
}: Behaviour): Http2Target {
  const counts = { connections: 0, requests: 0, mostOpen: 0 };
  const prefaceLength = 24;
  const listener = Bun.listen<{ peer: Peer; reader: FrameReader; skip: number }>({
    hostname: "127.0.0.1",
    port: 0,
    // The types do not contain the option.
    tls: { cert: valid.cert, key: valid.key, ...({ ALPNProtocols: Buffer.from("\x02h2") } as object) },
    socket: {
      open(socket) {
        counts.connections++;
        const peer: Peer = {
          requests: 0,
          body: 0,
          write: (...frames) => void socket.write(Buffer.concat(frames)),
          writeCut(bytes, at) {
            socket.write(bytes.subarray(0, at));
            setTimeout(() => socket.write(bytes.subarray(at)), 1);
          },
          end: () => void socket.end(),
        };
        socket.data = { peer, reader: new FrameReader(), skip: prefaceLength };
      },
      handshake: (socket) => void socket.write(greeting),
      data(socket, data) {
        const { peer, reader, skip } = socket.data;
        socket.data.skip = Math.max(0, skip - data.length);
        reader.read(data.subarray(Math.min(skip, data.length)), (bytes, at, length, type, flags, stream) => {
          if (type === TYPE.data) peer.body += length;
          const isRequest = type === TYPE.headers || type === TYPE.continuation || type === TYPE.data;
          onFrame?.(peer, type, flags, stream, Buffer.from(bytes.subarray(at, at + length)));
          if (!isRequest || (flags & FLAG.endStream) === 0) return;
          peer.requests++;
          onRequest(peer, stream, counts.requests++);
        });
      },
      error() {},
    },
  });
  return {
    port: listener.port,
    options: { protocol: "http2", target: `https://127.0.0.1:${listener.port}/x`, ca, control: false },
    counts,
    [Symbol.dispose]: () => listener.stop(true),
  };
}
