/**
 * A listener for streams of octets, TCP or TLS. On a plain connection every chunk read is a packet and gets `ACK-TCP` or
 * `ACK-TLS`; on a connection that starts with the STAMP preface every frame is a packet and gets a frame.
 */
import { freeMemory } from "../../base/octets.ts";
import type { CertificatePair } from "../../certificates/certificate.ts";
import type { LocalEnd } from "../../reflector/session.ts";
import { ConnectionTurns } from "../bounds/connection-turns.ts";
import type { Listener, ListenerContext } from "../listener.ts";
import { PendingHandshakes } from "../secure/pending-handshakes.ts";
import { ReplaceablePort } from "../secure/replaceable-port.ts";
import { tlsOptions } from "../secure/tls-options.ts";
import type { Shared, Socket, StreamConnection } from "./connection.ts";
import { StreamSockets } from "./sockets.ts";

/** Idle connections are searched for this often within the idle limit, and at least once a second. */
const SEARCHES = 4;

/** Length from which on the memory of a chunk is freed at once, octets. */
const LARGE_CHUNK = 64 * 1024;

/** A protocol whose packets are a stream of octets. */
export type StreamProtocol = "tcp" | "tls";

type Handlers = Bun.SocketHandler<StreamConnection | undefined>;

/** What the runtime calls for the sockets. */
function handlersOf(sockets: StreamSockets, { responder }: ListenerContext, shared: () => Shared): Handlers {
  return {
    open: (socket: Socket) => void sockets.accept(socket, shared()),
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

/** What the runtime calls for the sockets of TLS besides: their handshakes. */
function secureHandlersOf(
  plain: Handlers,
  sockets: StreamSockets,
  handshakes: PendingHandshakes,
  shared: () => Shared,
): Handlers {
  return {
    ...plain,
    open(socket: Socket) {
      if (sockets.accept(socket, shared())) handshakes.start(socket);
      else handshakes.refuse();
    },
    // Before the end of the handshake the runtime passes no data. Its error is that of a certificate of the client.
    handshake: (socket, isComplete) => handshakes.end(socket, isComplete),
    error(socket, error) {
      // The runtime has sent an alert, and closes.
      if ("code" in error && error.code === "EPROTO") socket.data?.badRecord();
      else plain.error?.(socket, error);
    },
    close(socket) {
      handshakes.end(socket, false);
      sockets.closed(socket);
    },
  };
}

/** What the connections of a listener share. */
function sharedBy(sockets: StreamSockets, context: ListenerContext, protocol: StreamProtocol, port: number): Shared {
  const { hostname, responder, sessions, limits, streamMemory } = context;
  const end: LocalEnd = { protocol, address: hostname, port, receiveBufferDrops: () => undefined };
  sessions.addEnd(end);
  return {
    responder,
    acknowledgement: Buffer.from(`ACK-${protocol.toUpperCase()}`),
    sessions,
    end,
    unreadLimit: limits.tcpUnreadBytes,
    memory: streamMemory,
    turns: new ConnectionTurns(sockets, () => responder.clock.now()),
  };
}

/** Listens for connections and passes each packet to the responder. */
export async function serveStreams(context: ListenerContext, protocol: StreamProtocol): Promise<Listener> {
  const { hostname, port, limits, responder, errors, certificate, handshakes: counters } = context;
  const idleMs = limits.tcpIdleSeconds * 1000;
  const sockets = new StreamSockets(limits[`${protocol}Connections`], responder);
  const handshakes = new PendingHandshakes(responder.clock, responder.traffic.rejects, counters.tls);
  const isSecure = protocol === "tls";
  const plain = handlersOf(sockets, context, () => shared);
  const socket = isSecure ? secureHandlersOf(plain, sockets, handshakes, () => shared) : plain;
  const own = { allowHalfOpen: true, data: undefined, socket };
  const secured = (pair: CertificatePair | undefined) => (isSecure && pair ? { tls: tlsOptions(pair) } : {});
  const listener = Bun.listen<StreamConnection | undefined>({
    hostname,
    port,
    ...own,
    ...secured(certificate?.current),
  });
  const open = new ReplaceablePort<Bun.SocketListener<StreamConnection | undefined>>(listener);
  const shared = sharedBy(sockets, context, protocol, listener.port);
  let forget: (() => void) | undefined;
  if (isSecure) {
    // The runtime's types do not have the descriptor.
    type Options = Bun.TCPSocketListenOptions<StreamConnection | undefined>;
    const reopen = (pair: CertificatePair) => (fd: number) =>
      Bun.listen({ fd, ...own, ...secured(pair) } as unknown as Options);
    forget = certificate?.onChange((pair) => errors.guard("tls-certificate", () => open.replace(reopen(pair))));
  }
  const idleTimer = errors.every(
    `${protocol}-idle`,
    Math.min(1000, idleMs / SEARCHES, limits.handshakeMs / SEARCHES),
    () => {
      handshakes.expire(limits.handshakeMs);
      return sockets.closeIdle(idleMs);
    },
  );
  return {
    protocol,
    port: listener.port,
    connections: () => sockets.size,
    connectionTable: sockets,
    countsConnections: true,
    countsHandshakes: isSecure,
    receiveBufferDrops: () => undefined,
    async pause() {
      sockets.isPaused = true;
      open.stop();
    },
    async close() {
      clearInterval(idleTimer);
      forget?.();
      await sockets.end();
      open.stop(true);
    },
  };
}
