/** A listener of one version of HTTP: an Elysia application with the traffic routes and the lab's other routes. */
import { type AnyElysia, Elysia } from "elysia";
import { withoutExitListeners } from "../base/kernel.ts";
import type { RequestProtocol } from "../base/protocol.ts";
import { HttpConnections } from "./http-connections.ts";
import { internalError } from "./http-exchange.ts";
import { trafficRoutes } from "./http-routes.ts";
import { SilentRequests } from "./http-silence.ts";
import type { Listener, ListenerContext } from "./listener.ts";
import { tlsOptions } from "./tls-options.ts";
import { webSocketRoute } from "./websocket-endpoint.ts";

/** Bodies beyond this multiple of the limit are rejected by the runtime; up to it the lab answers and counts them. */
const RUNTIME_BODY_FACTOR = 16;
const IDLE_SECONDS = 30;

/** What makes the runtime serve one version only: a handler cannot learn by which version a request came. */
export interface Version {
  readonly http1: boolean;
  readonly http2: boolean;
  readonly http3: boolean;
}

/** Listens for requests of one version and passes those to a traffic route to the responder. */
export async function serveHttp(
  context: ListenerContext,
  protocol: RequestProtocol,
  version?: Version,
): Promise<Listener> {
  const { hostname, port, responder, limits, httpBodies, httpSessions, routesFor, firstRequests, describe, errors } =
    context;
  const { certificate } = context;
  const peerOf = (request: Request) => app.server?.requestIP(request) ?? null;
  const onLimit = () => responder.traffic.rejects.add("stall-limit");
  const silent = new SilentRequests(() => app.server, limits, errors, onLimit);
  const lost = { silent, sessions: httpSessions };
  const traffic = trafficRoutes({ responder, limits, httpBodies, errors, peerOf, lost, describe });
  const door = protocol === "http" || protocol === "https" ? context.webSockets?.at(hostname) : undefined;
  const routes = { ...traffic.routes, ...door?.routes };
  const app: AnyElysia = new Elysia({ normalize: false, serve: { routes } })
    .use(routesFor(protocol))
    .use(traffic.application)
    .use(webSocketRoute(describe));
  for (const path of firstRequests) await (await app.handle(new Request(`http://localhost${path}`))).arrayBuffer();
  const options = {
    hostname,
    port,
    maxRequestBodySize: limits.httpBodyBytes * RUNTIME_BODY_FACTOR,
    idleTimeout: IDLE_SECONDS,
    development: false, // otherwise an error response contains source code
    /** Errors of the traffic routes; the application answers those of the others. */
    error(error: Error) {
      responder.failed(error);
      return internalError();
    },
    ...(door && { websocket: door.handler }),
    ...(version && certificate && { ...version, tls: tlsOptions(certificate.current) }),
    reusePort: false, // Elysia sets it, and then a second lab shares the port without an error
  };
  // Elysia adds a listener to the process that refers to the application, and never removes it.
  const { server } = withoutExitListeners(() => app.listen(options));
  if (!server) throw new Error("not listening");
  const bound = server.port ?? port;
  door?.bound(bound);
  const onClosed = (reason: "connection-limit" | "too-slow") => responder.traffic.rejects.add(reason);
  const isUpgraded = (peer: number) => door?.hasPeer(peer) === true;
  const { httpConnections, httpRequestMs } = limits;
  const connections = new HttpConnections(bound, httpConnections, httpRequestMs, errors, onClosed, isUpgraded);
  return {
    protocol,
    port: bound,
    connections: () => connections.size,
    refresh: () => connections.refresh(),
    connectionTable: connections,
    stalled: silent,
    countsConnections: false, // Bun.serve does not report them
    receiveBufferDrops: () => undefined,
    async pause() {
      await Promise.all([server.stop(), silent.stop()]);
    },
    async close() {
      connections.stop();
      await silent.stop();
      await server.stop(true);
    },
  };
}
