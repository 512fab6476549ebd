/** A TCP relay to a port of this machine, which changes or divides what the target sends. */

/** What the relay does with a chunk from the target: the chunks that it passes on, one in each turn of the event loop. */
export type Divide = (chunk: Buffer) => readonly Buffer[];

/** Each octet on its own, up to `most`; the rest in pieces of `size`. */
export function inPieces(size: number): Divide {
  return (chunk) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < chunk.length; at += size) pieces.push(Buffer.from(chunk.subarray(at, at + size)));
    return pieces;
  };
}

/** Listens on a free port. Every connection is relayed to `port`. */
export function startRelay(port: number, divide: Divide) {
  const listener = Bun.listen<{ toTarget: Promise<Bun.Socket>; queue: Buffer[]; isSending: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        const state = { queue: [] as Buffer[], isSending: false };
        const send = () => {
          const piece = state.queue.shift();
          state.isSending = piece !== undefined;
          if (piece === undefined) return;
          socket.write(piece);
          setImmediate(send);
        };
        const toTarget = Bun.connect({
          hostname: "127.0.0.1",
          port,
          socket: {
            data(_target, chunk) {
              state.queue.push(...divide(chunk));
              if (!state.isSending) send();
            },
            close: () => void socket.end(),
            error() {},
          },
        });
        socket.data = { toTarget, ...state };
      },
      async data(socket, chunk) {
        const copy = Buffer.from(chunk);
        (await socket.data.toTarget).write(copy);
      },
      async close(socket) {
        (await socket.data.toTarget).end();
      },
      error() {},
    },
  });
  return { port: listener.port, [Symbol.dispose]: () => listener.stop(true) };
}
