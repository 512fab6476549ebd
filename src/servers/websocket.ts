/** The WebSocket listener. It has no port: the listeners of HTTP/1.1 attach its endpoint. */
import type { Listener, ListenerContext } from "./listener.ts";
import { WebSocketEndpoint } from "./websocket/endpoint.ts";

/** Idle connections are searched for this often within the idle limit, and at least once a second. */
const SEARCHES = 4;

/** The listener, with the endpoint for those of HTTP/1.1. */
export interface WebSocketListener extends Listener {
  readonly webSockets: WebSocketEndpoint;
}

/** Makes the endpoint, which passes each message to the responder. */
export async function listen(context: ListenerContext): Promise<WebSocketListener> {
  const { limits, errors, port } = context;
  const webSockets = new WebSocketEndpoint(context);
  const idleMs = limits.tcpIdleSeconds * 1000;
  const closeIdle = () => webSockets.closeIdle(idleMs);
  const idleTimer = errors.every("websocket-idle", Math.min(1000, idleMs / SEARCHES), closeIdle);
  return {
    protocol: "websocket",
    port,
    webSockets,
    connections: () => webSockets.size,
    connectionTable: webSockets,
    countsConnections: true,
    receiveBufferDrops: () => undefined,
    async pause() {
      webSockets.isPaused = true;
    },
    async close() {
      clearInterval(idleTimer);
      await webSockets.end();
    },
  };
}
