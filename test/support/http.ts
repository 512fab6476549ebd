/** An HTTP connection that sends requests as octets, for requests that no client library sends. */
import { until } from "./until.ts";

/** One connection. */
export interface HttpConnection extends Disposable {
  readonly ended: boolean;
  /** Everything read so far. */
  readonly text: string;
  write(text: string | Buffer): void;
  /** Writes a request; resolves with the next response (by its content length), or with status 0 if the connection ends. */
  ask(request: string | Buffer): Promise<{ readonly status: number; readonly body: string; readonly head: string }>;
  close(): void;
}

/** Connects to `port`. */
export async function openHttp(port: number, hostname = "127.0.0.1"): Promise<HttpConnection> {
  let text = "";
  let taken = 0;
  let ended = false;
  const end = () => {
    ended = true;
  };
  const socket = await Bun.connect({
    hostname,
    port,
    socket: {
      data(_, chunk) {
        text += chunk.toString("latin1");
      },
      end,
      close: end,
      error: end,
    },
  });
  function next() {
    const rest = text.slice(taken);
    const headEnd = rest.indexOf("\r\n\r\n");
    const head = rest.slice(0, headEnd);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (headEnd < 0 || rest.length < headEnd + 4 + length) return ended ? { status: 0, head: "", body: "" } : undefined;
    taken += headEnd + 4 + length;
    return { status: Number(head.split(" ")[1]), head, body: rest.slice(headEnd + 4, headEnd + 4 + length) };
  }
  return {
    get ended() {
      return ended;
    },
    get text() {
      return text;
    },
    write: (data) => void socket.write(data),
    ask(request) {
      socket.write(request);
      return until(next, "an answer");
    },
    close: () => socket.terminate(),
    [Symbol.dispose]: () => socket.terminate(),
  };
}
