/** A TCP connection under the control of the test: writes any octets at any time, and can stop reading. */

/** One connection to the lab. */
export interface Peer extends Disposable {
  /** Everything read so far. */
  readonly read: Buffer;
  /** Whether the lab has ended or reset the connection. */
  readonly ended: boolean;
  /** Writes as much as the kernel accepts; returns the number of octets. */
  write(...parts: (string | Buffer)[]): number;
  /** Ends the sending direction; reading continues. */
  finish(): void;
  /** Resets the connection. */
  reset(): void;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
}

/** Connects to `port` on the loopback interface with TLS; the certificate is not verified. */
export function openTls(port: number): Promise<Peer> {
  return openTcp(port, { rejectUnauthorized: false });
}

/** Connects to `port` on the loopback interface. */
export async function openTcp(port: number, tls?: Bun.TLSOptions): Promise<Peer> {
  const chunks: Buffer[] = [];
  let read = Buffer.alloc(0);
  let ended = false;
  const end = () => {
    ended = true;
  };
  const open = Promise.withResolvers<void>(); // with TLS, after the handshake
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    allowHalfOpen: true,
    ...(tls && { tls }),
    socket: {
      open: () => open.resolve(),
      data: (_, chunk) => void chunks.push(chunk),
      end,
      close() {
        end();
        open.resolve();
      },
      error: end,
    },
  });
  await open.promise;
  return {
    get read() {
      if (chunks.length > 0) read = Buffer.concat([read, ...chunks.splice(0)]);
      return read;
    },
    get ended() {
      return ended;
    },
    write: (...parts) => Math.max(0, socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))))),
    finish: () => void socket.shutdown(),
    reset: () => socket.terminate(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    [Symbol.dispose]: () => socket.terminate(),
  };
}
