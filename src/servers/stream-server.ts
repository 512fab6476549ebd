/**
 * A listener for streams of octets, TCP or TLS. On a plain connection every chunk read is a packet and gets `ACK-TCP` or `ACK-TLS`; on a connection that starts
 * with the STAMP preface every frame is a packet and gets a frame.
 */
import { freeMemory } from "../base/octets.ts";
import type { LocalEnd } from "../reflector/session.ts";
import type { Listener, ListenerContext } from "./listener.ts";
import type { Connection, Shared, Socket } from "./tcp-connection.ts";
import { TcpMemory } from "./tcp-memory.ts";
import { TcpSockets } from "./tcp-sockets.ts";
import { TcpTurns } from "./tcp-turns.ts";
import { tlsOptions } from "./tls-options.ts";

/** Idle connections are searched for this often within the idle limit, and at least once a second. */
const SEARCHES = 4;

/** Length from which on the memory of a chunk is freed at once, octets. */
const LARGE_CHUNK = 64 * 1024;

/** What the runtime calls for the sockets. */
function handlersOf(
  sockets: TcpSockets,
  { responder }: ListenerContext,
  shared: () => Shared,
): Bun.SocketHandler<Connection | undefined> {
  return {
    open: (socket: Socket) => sockets.accept(socket, shared()),
    data(socket, chunk) {
      if (!sockets.isPaused) socket.data?.data(chunk);
      // Whatever outlives the call is a copy.
      if (chunk.length >= LARGE_CHUNK && chunk.length === chunk.buffer.byteLength) freeMemory(chunk);
    },
    drain: (socket) => socket.data?.drain(),
    end: (socket) => socket.data?.peerEnded(),
    error(socket, error) {
      responder.failed(error);
      socket.terminate();
    },
    close: (socket) => sockets.closed(socket),
  };
}

/** What the connections of a listener share. */
function sharedBy(sockets: TcpSockets, context: ListenerContext, protocol: StreamProtocol, port: number): Shared {
  const { hostname, responder, sessions, limits, tcpOctets } = context;
  const end: LocalEnd = { protocol, address: hostname, port, receiveBufferDrops: () => undefined };
  sessions.addEnd(end);
  return {
    responder,
    sessions,
    end,
    unreadLimit: limits.tcpUnreadBytes,
    memory: new TcpMemory(tcpOctets),
    turns: new TcpTurns(sockets, () => responder.clock.now()),
  };
}

/** A protocol whose packets are a stream of octets. */
export type StreamProtocol = "tcp" | "tls";

/** Listens for connections and passes each packet to the responder. */
export async function serveStreams(context: ListenerContext, protocol: StreamProtocol): Promise<Listener> {
  const { hostname, port, limits, responder, errors, certificate } = context;
  const idleMs = limits.tcpIdleSeconds * 1000;
  const sockets = new TcpSockets(limits.tcpConnections, responder);
  const socket = handlersOf(sockets, context, () => shared);
  const tls = protocol === "tls" && certificate ? { tls: tlsOptions(certificate.current) } : {};
  const options = { hostname, port, allowHalfOpen: true, data: undefined, socket, ...tls };
  const listener = Bun.listen<Connection | undefined>(options);
  const shared = sharedBy(sockets, context, protocol, listener.port);
  const closeIdle = () => sockets.closeIdle(idleMs);
  const idleTimer = errors.every(`${protocol}-idle`, Math.min(1000, idleMs / SEARCHES), closeIdle);
  return {
    protocol,
    port: listener.port,
    connections: () => sockets.size,
    connectionTable: sockets,
    countsConnections: true,
    receiveBufferDrops: () => undefined,
    async pause() {
      sockets.isPaused = true;
      listener.stop();
    },
    async close() {
      clearInterval(idleTimer);
      await sockets.end();
      listener.stop(true);
    },
  };
}
