/** The WebSocket endpoint `/ws` of the listeners of HTTP/1.1: one set of connections for both, with their limits. */
import { type DocumentDecoration, Elysia } from "elysia";
import type { Bounded } from "../../base/bounded.ts";
import { overTurns } from "../../base/turns.ts";
import type { Limits } from "../../limits.ts";
import type { Responder } from "../../reflector/responder.ts";
import type { LocalEnd } from "../../reflector/session.ts";
import type { Sessions } from "../../reflector/sessions.ts";
import type { ConnectionMemory } from "../bounds/connection-memory.ts";
import { ConnectionTurns } from "../bounds/connection-turns.ts";
import { WebSocketConnection, type WebSocketShared } from "./connection.ts";

/** The path of the endpoint. */
export const WEBSOCKET_PATH = "/ws";

/** Largest message, octets; a larger one closes the connection with the code 1009. */
export const MOST_MESSAGE_BYTES = 64 * 1024;
/**
 * Octets that the runtime may hold for a peer beyond those after which the lab stops reading: the responses to what the
 * runtime has read then, which is up to 512 KiB. The runtime discards what exceeds it.
 */
const HELD_BEYOND = 1024 * 1024;

/** The part of the runtime's server that is needed. */
interface UpgradeServer {
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
  upgrade(request: Request, options: { readonly data: WebSocketConnection }): boolean;
}

/** The endpoint at one HTTP listener. */
export interface WebSocketDoor {
  /** The runtime's route: an application's cannot return nothing, which an upgrade requires. */
  readonly routes: {
    readonly [WEBSOCKET_PATH]: { GET(request: Request, server: UpgradeServer): Response | undefined };
  };
  readonly handler: Bun.WebSocketHandler<WebSocketConnection>;
  /** The listener is open at this port. */
  bound(port: number): void;
  /** Whether a WebSocket connection comes from this port. */
  hasPeer(port: number): boolean;
}

/** The response to a request without an upgrade. */
function upgradeRequired(): Response {
  const error = `${WEBSOCKET_PATH} is for WebSocket connections: request an upgrade to websocket over HTTP/1.1`;
  return Response.json({ error }, { status: 426, headers: { upgrade: "websocket", connection: "upgrade" } });
}

/** The endpoint for requests without an upgrade, as a route of the application. */
export function webSocketRoute(describe: (path: typeof WEBSOCKET_PATH) => DocumentDecoration) {
  const detail = describe(WEBSOCKET_PATH);
  return new Elysia({ name: "websocket" }).get(WEBSOCKET_PATH, () => upgradeRequired(), { detail });
}

/** What the endpoint needs of the lab. */
interface EndpointParts {
  readonly responder: Responder;
  readonly sessions: Sessions;
  readonly limits: Pick<Limits, "websocketConnections" | "tcpUnreadBytes">;
  readonly streamMemory: ConnectionMemory;
}

/** The connections of the endpoint. Its iterator yields them. */
export class WebSocketEndpoint implements Bounded, Iterable<WebSocketConnection> {
  /** Connections that were refused because too many were open. */
  overflows = 0;
  /** Whether further messages are discarded. */
  isPaused = false;
  readonly limit: number;
  readonly #open = new Set<WebSocketConnection>();
  /** Open connections by the port of the peer. */
  readonly #ports = new Map<number, number>();
  readonly #shared: WebSocketShared;
  #isSearching = false;

  constructor(private readonly context: EndpointParts) {
    const { responder, sessions, limits, streamMemory: memory } = context;
    this.limit = limits.websocketConnections;
    const turns = new ConnectionTurns(this, () => responder.clock.now());
    this.#shared = { responder, sessions, unreadLimit: limits.tcpUnreadBytes, memory, turns };
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<WebSocketConnection> {
    return this.#open.values();
  }

  /** The endpoint at a listener on `address`. */
  at(address: string): WebSocketDoor {
    let end: LocalEnd = { protocol: "websocket", address, port: 0, receiveBufferDrops: () => undefined };
    return {
      routes: { [WEBSOCKET_PATH]: { GET: (request, server) => this.#upgrade(request, server, end) } },
      handler: this.#handler(),
      bound: (port) => {
        end = { ...end, port };
        this.context.sessions.addEnd(end);
      },
      hasPeer: (port) => this.#ports.has(port),
    };
  }

  #upgrade(request: Request, server: UpgradeServer, end: LocalEnd): Response | undefined {
    const { traffic } = this.context.responder;
    const peer = server.requestIP(request);
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket" || !peer) return upgradeRequired();
    if (this.#open.size >= this.limit) {
      this.overflows++;
      traffic.rejects.add("connection-limit");
      return Response.json({ error: `connection-limit: ${this.limit} connections are open` }, { status: 503 });
    }
    const connection = new WebSocketConnection(this.#shared, end, peer.address, peer.port);
    return server.upgrade(request, { data: connection }) ? undefined : upgradeRequired();
  }

  #handler(): Bun.WebSocketHandler<WebSocketConnection> {
    const { responder, limits } = this.context;
    return {
      maxPayloadLength: MOST_MESSAGE_BYTES,
      backpressureLimit: limits.tcpUnreadBytes + HELD_BEYOND,
      idleTimeout: 0, // the search for idle connections counts complete messages only
      sendPings: false,
      perMessageDeflate: false,
      open: (socket) => {
        responder.traffic.connections++;
        this.#add(socket.data);
        socket.data.opened(socket);
      },
      message: (socket, content) => {
        if (!this.isPaused) socket.data.message(content);
      },
      ping: (socket) => socket.data.pinged(),
      pong() {},
      drain: (socket) => socket.data.drain(),
      close: (socket, code, reason) => {
        this.#remove(socket.data);
        socket.data.closed(code, reason);
      },
      error(error, socket) {
        responder.failed(error);
        socket.data.reset();
      },
    };
  }

  #add(connection: WebSocketConnection): void {
    this.#open.add(connection);
    this.#ports.set(connection.port, (this.#ports.get(connection.port) ?? 0) + 1);
  }

  #remove(connection: WebSocketConnection): void {
    if (!this.#open.delete(connection)) return;
    const others = (this.#ports.get(connection.port) ?? 0) - 1;
    if (others > 0) this.#ports.set(connection.port, others);
    else this.#ports.delete(connection.port);
  }

  /** Closes the connections that have been idle for this time. */
  async closeIdle(idleMs: number): Promise<void> {
    if (this.#isSearching) return;
    this.#isSearching = true;
    const before = this.context.responder.clock.now() - idleMs;
    try {
      await overTurns(this.#open, (connection) => connection.expire(before));
    } catch (error) {
      this.context.responder.failed(error);
    }
    this.#isSearching = false;
  }

  /** Closes every connection with a close frame. */
  async end(): Promise<void> {
    await overTurns(this.#open, (connection) => connection.end(false));
  }
}
