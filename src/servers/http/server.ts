/** A listener of one version of HTTP: the traffic routes, and the lab's application for all others. */
import type { RequestProtocol } from "../../base/protocol.ts";
import type { CertificatePair } from "../../certificates/certificate.ts";
import type { Listener, ListenerContext } from "../listener.ts";
import { ReplacedServers } from "../secure/replaced-servers.ts";
import { tlsOptions } from "../secure/tls-options.ts";
import type { WebSocketConnection } from "../websocket/connection.ts";
import type { Origin } from "./application.ts";
import { HttpConnections } from "./connections.ts";
import { internalError } from "./exchange.ts";
import { runtimeRoutes, trafficHandlers } from "./routes.ts";
import { SilentRequests } from "./silence.ts";

/** Bodies beyond this multiple of the limit are rejected by the runtime; up to it the lab answers and counts them. */
const RUNTIME_BODY_FACTOR = 16;
const IDLE_SECONDS = 30;

/** Which versions the runtime serves: one only, because a handler cannot learn by which version a request came. */
export interface Version {
  readonly http1: boolean;
  readonly http2: boolean;
  readonly http3: boolean;
}

/** The server of the runtime. */
type Server = Bun.Server<WebSocketConnection>;

/** Listens for requests of one version and passes those to a traffic route to the responder. */
export async function serveHttp(
  context: ListenerContext,
  protocol: RequestProtocol,
  version?: Version,
): Promise<Listener> {
  const { hostname, responder, limits, httpBodies, httpSessions, application, errors, certificate } = context;
  const { traffic } = responder;
  const alternative = version && !version.http3 ? alternativeOf(context) : undefined;
  const peerOf = (request: Request) => servers.current.requestIP(request);
  const onLimit = () => traffic.rejects.add("stall-limit");
  const silent = new SilentRequests(() => servers.current, limits, errors, onLimit, version?.http1 === false);
  const lost = { silent, sessions: httpSessions };
  const hasHost = version?.http1 !== false;
  const handlers = trafficHandlers({ responder, limits, httpBodies, errors, peerOf, lost, hasHost, alternative });
  await application.prepare();
  const door = protocol === "http" || protocol === "https" ? context.webSockets?.at(hostname) : undefined;
  const routes = { ...application.fixedRoutes(alternative), ...runtimeRoutes(handlers), ...door?.routes };

  function open(port: number, pair: CertificatePair | undefined): Server {
    const options = {
      hostname,
      port,
      maxRequestBodySize: limits.httpBodyBytes * RUNTIME_BODY_FACTOR,
      idleTimeout: IDLE_SECONDS,
      development: false, // otherwise an error response contains source code
      reusePort: false, // the default with `development: false` lets another process share the port without an error
      routes,
      fetch(request: Request, server: Server) {
        const origin: Origin = { server, traffic, handlers, alternative };
        return application.fetch(request, origin);
      },
      /** Errors of the traffic routes; the application answers those of the others. */
      error(error: Error) {
        responder.failed(error);
        return internalError();
      },
      ...(door && { websocket: door.handler }),
      ...(version && pair && { ...version, tls: tlsOptions(pair) }),
    };
    return Bun.serve<WebSocketConnection>(options);
  }

  const servers = new ReplacedServers<Server>(open, context.port, version && certificate, errors);
  const { port } = servers;
  door?.bound(port);
  const onClosed = (reason: "connection-limit" | "too-slow") => traffic.rejects.add(reason);
  const isUpgraded = (peer: number) => door?.hasPeer(peer) === true;
  const { httpConnections, httpRequestMs } = limits;
  const connections = version?.http3
    ? undefined // the runtime has one socket for all of them and does not report them
    : new HttpConnections(port, httpConnections, httpRequestMs, errors, onClosed, isUpgraded);
  return {
    protocol,
    port,
    connections: () => connections?.size,
    refresh: async () => connections?.refresh(),
    connectionTable: connections,
    stalled: silent,
    countsConnections: false, // Bun.serve does not report them
    receiveBufferDrops: () => undefined,
    async pause() {
      await Promise.all([servers.stop(), silent.stop()]);
    },
    async close() {
      connections?.stop();
      await silent.stop();
      await servers.close();
    },
  };
}

/** The value of `Alt-Svc`: HTTP/3 on its port, for a day (RFC 9114 section 3.1.1). Undefined if it is not served. */
function alternativeOf({ http3Port }: Pick<ListenerContext, "http3Port">): string | undefined {
  return http3Port === undefined ? undefined : `h3=":${http3Port}"; ma=86400`;
}
