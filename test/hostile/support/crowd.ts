/** Thousands of TCP connections that act in the same moment. */
import { until } from "../../support/until.ts";

/** Connections that are opened at a time. */
const AT_ONCE = 250;

/** A number of connections to one port. */
export interface Crowd extends AsyncDisposable {
  readonly sockets: readonly Bun.Socket[];
  /** The connections that have received octets, and those that the lab has closed. */
  readonly answered: number;
  readonly closed: number;
  /** The first octets of each answer and how many connections received them. */
  readonly answers: ReadonlyMap<string, number>;
  /** Each connection writes `octets`. */
  write(octets: string | Uint8Array): void;
  /** Resets every connection in one turn of the event loop. */
  reset(): void;
}

/** Opens `count` connections to `port`, of which the lab may refuse some, which then count as closed; `head` is the number of octets of an answer by which answers are grouped. */
export async function openCrowd(port: number, count: number, head = 12): Promise<Crowd> {
  let answered = 0;
  let closed = 0;
  const answers = new Map<string, number>();
  const seen = new Set<object>();
  const socket = {
    data(from: object, chunk: Buffer) {
      if (seen.has(from)) return;
      seen.add(from);
      answered++;
      const text = chunk.toString("latin1", 0, head);
      answers.set(text, (answers.get(text) ?? 0) + 1);
    },
    close() {
      closed++;
    },
    error() {},
  };
  const sockets: Bun.Socket[] = [];
  const openOne = async () => {
    const opened = await Bun.connect({ hostname: "127.0.0.1", port, socket }).catch(() => undefined);
    if (opened) sockets.push(opened);
    else closed++;
  };
  for (let left = count; left > 0; left -= AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, left) }, openOne));
  }
  const reset = () => {
    for (const socket of sockets) socket.terminate();
  };
  return {
    sockets,
    answers,
    get answered() {
      return answered;
    },
    get closed() {
      return closed;
    },
    write(octets) {
      for (const socket of sockets) socket.write(octets);
    },
    reset,
    async [Symbol.asyncDispose]() {
      reset();
      await until(() => closed === count, "the end of all connections", 20_000);
    },
  };
}
