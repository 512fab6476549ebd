/**
 * The TCP listener. On a plain connection every chunk read is a packet and gets `ACK-TCP`; on a connection that starts
 * with the STAMP preface every frame is a packet and gets a frame.
 */
import type { Bounded } from "../base/bounded.ts";
import { mostDescriptors, spareDescriptors } from "../base/descriptors.ts";
import { descriptorOf } from "../base/kernel.ts";
import { freeMemory } from "../base/octets.ts";
import { overTurns } from "../base/turns.ts";
import type { LocalEnd } from "../reflector/session.ts";
import type { Listener, ListenerContext } from "./listener.ts";
import { Connection, type Shared, type Socket } from "./tcp-connection.ts";
import { TcpMemory } from "./tcp-memory.ts";
import { TcpTurns } from "./tcp-turns.ts";

/** Idle connections are searched for this often within the idle limit, and at least once a second. */
const SEARCHES = 4;

/** Length from which on the memory of a chunk is freed at once, octets. */
const LARGE_CHUNK = 64 * 1024;

/** The connections of sockets. */
function openConnections(sockets: ReadonlySet<Socket>) {
  return {
    get size() {
      return sockets.size;
    },
    *[Symbol.iterator]() {
      for (const { data } of sockets) if (data) yield data;
    },
  };
}

/** Listens for connections and passes each packet to the responder. */
export async function listen(context: ListenerContext): Promise<Listener> {
  const { hostname, port, limits, responder, sessions, tcpOctets, errors } = context;
  const open = new Set<Socket>();
  const idleMs = limits.tcpIdleSeconds * 1000;
  let refused = 0;
  let paused = false;

  /** The kernel assigns the lowest free descriptor: from this one on, few are left. */
  const lastDescriptor = mostDescriptors() - spareDescriptors(mostDescriptors());

  /** Counts a new connection; one that its peer reset before it was accepted has no address. */
  function accept(socket: Socket): void {
    if (open.size >= limits.tcpConnections || (descriptorOf(socket) ?? 0) >= lastDescriptor) {
      refused++;
      responder.traffic.rejects.add("connection-limit");
      socket.terminate();
      return;
    }
    responder.traffic.connections++;
    const address: string | undefined = socket.remoteAddress;
    if (address === undefined) {
      socket.terminate();
      return;
    }
    open.add(socket);
    socket.data = new Connection(socket, shared);
  }

  const listener = Bun.listen<Connection | undefined>({
    hostname,
    port,
    allowHalfOpen: true,
    data: undefined,
    socket: {
      open: accept,
      data(socket, chunk) {
        if (!paused) socket.data?.data(chunk);
        // Whatever outlives the call is a copy.
        if (chunk.length >= LARGE_CHUNK && chunk.length === chunk.buffer.byteLength) freeMemory(chunk);
      },
      drain: (socket) => socket.data?.drain(),
      end: (socket) => socket.data?.peerEnded(),
      error(socket, error) {
        responder.failed(error);
        socket.terminate();
      },
      close(socket) {
        open.delete(socket);
        socket.data?.closed();
      },
    },
  });
  const end: LocalEnd = {
    protocol: "tcp",
    address: hostname,
    port: listener.port,
    receiveBufferDrops: () => undefined,
  };
  sessions.addEnd(end);
  const shared: Shared = {
    responder,
    sessions,
    end,
    unreadLimit: limits.tcpUnreadBytes,
    memory: new TcpMemory(tcpOctets),
    turns: new TcpTurns(openConnections(open), () => responder.clock.now()),
  };
  // Not socket.timeout(): it runs from the time it was set and does not restart when data arrives.
  let searching = false;
  async function closeIdle(): Promise<void> {
    if (searching) return;
    searching = true;
    const before = responder.clock.now() - idleMs;
    try {
      await overTurns(open, (socket) => socket.data?.expire(before));
    } catch (error) {
      responder.failed(error);
    }
    searching = false;
  }
  const idleTimer = errors.every("tcp-idle", Math.min(1000, idleMs / SEARCHES), closeIdle);

  const connectionTable: Bounded = {
    get size() {
      return open.size;
    },
    limit: limits.tcpConnections,
    get overflows() {
      return refused;
    },
  };
  return {
    protocol: "tcp",
    port: listener.port,
    connections: () => open.size,
    connectionTable,
    countsConnections: true,
    receiveBufferDrops: () => undefined,
    async pause() {
      paused = true;
      listener.stop();
    },
    async close() {
      clearInterval(idleTimer);
      await overTurns(open, (socket) => socket.end());
      listener.stop(true);
    },
  };
}
