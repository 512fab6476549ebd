/**
 * TCP: on a plain connection every chunk read is a packet and gets `ACK-TCP`; on one that opens with `STAMP/1\n` every
 * frame is a packet and gets a frame.
 */
import type { Limits } from "../config.ts";
import type { Responder } from "../reflector/responder.ts";
import type { Sessions } from "../reflector/sessions.ts";
import { Connection, type Shared, type Socket } from "./tcp-connection.ts";

/** How often connections are looked at for their silence: this part of the limit, and at least once a second. */
const LOOKS = 4;

export interface TcpServerOptions {
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly limits: Pick<Limits, "tcpConnections" | "tcpIdleSeconds" | "tcpUnreadBytes">;
}

/** The TCP listener of the lab. */
export interface TcpServer {
  readonly port: number;
  /** Connections open now. */
  connections(): number;
  /** Connections turned away because there were too many. */
  refused(): number;
  /** No new connection, no new packet; answers in flight still go. */
  pause(): void;
  close(): void;
}

/** Listens for connections and hands each packet to the responder. Throws the system's error where it cannot listen. */
export function listenTcp(options: TcpServerOptions, responder: Responder, sessions: Sessions): TcpServer {
  const { hostname, port, limits } = options;
  const shared: Shared = { responder, sessions, unreadLimit: limits.tcpUnreadBytes };
  const open = new Set<Socket>();
  const idleMs = limits.tcpIdleSeconds * 1000;
  let refused = 0;
  let paused = false;
  const listener = Bun.listen<Connection | undefined>({
    hostname,
    port,
    allowHalfOpen: true,
    data: undefined,
    socket: {
      open(socket) {
        if (open.size >= limits.tcpConnections) {
          refused++;
          responder.traffic.rejects.add("connection-limit");
          socket.terminate();
          return;
        }
        responder.traffic.connections++;
        const address: string | undefined = socket.remoteAddress;
        if (address === undefined) {
          socket.terminate(); // the peer has reset it before it was accepted
          return;
        }
        open.add(socket);
        socket.data = new Connection(socket, shared);
      },
      data(socket, chunk) {
        if (!paused) socket.data?.data(chunk);
      },
      drain: (socket) => socket.data?.drain(),
      end: (socket) => socket.data?.peerEnded(),
      error(socket) {
        responder.traffic.rejects.add("failed");
        socket.terminate();
      },
      close(socket) {
        open.delete(socket);
        socket.data?.closed();
      },
    },
  });
  // Not socket.timeout(): it runs from the last time that it was set, however much is said meanwhile.
  const watch = setInterval(
    () => {
      const before = responder.clock.now() - idleMs;
      for (const socket of open) socket.data?.expire(before);
    },
    Math.min(1000, idleMs / LOOKS),
  );
  watch.unref();
  return {
    port: listener.port,
    connections: () => open.size,
    refused: () => refused,
    pause() {
      paused = true;
      listener.stop();
    },
    close() {
      clearInterval(watch);
      for (const socket of open) socket.end();
      listener.stop(true);
    },
  };
}
