/** A TCP peer in the test's own hands: it writes what it likes, when it likes, and reads or does not. */

/** One connection to the lab. */
export interface Peer extends Disposable {
  /** Everything read so far. */
  readonly read: Buffer;
  /** Whether the lab has ended or reset the connection. */
  readonly ended: boolean;
  /** Writes what the kernel takes now; how many octets that was. */
  write(...parts: (string | Buffer)[]): number;
  /** Says that no more will come; reading goes on. */
  finish(): void;
  /** Ends both ways at once. */
  reset(): void;
  /** Stops and starts reading. */
  pause(): void;
  resume(): void;
}

/** Connects to `port` on the loopback interface. */
export async function openTcp(port: number): Promise<Peer> {
  const chunks: Buffer[] = [];
  let read = Buffer.alloc(0);
  let ended = false;
  const end = () => {
    ended = true;
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    allowHalfOpen: true,
    socket: { data: (_, chunk) => void chunks.push(chunk), end, close: end, error: end },
  });
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
