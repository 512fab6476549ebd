/** Serves Toxiproxy's HTTP API on a port of its own: proxies are relays, and toxics their faults. */
import { type RightsPolicy, refusal, requesterOf } from "../api/rights.ts";
import type { Bounded, Budget } from "../base/bounded.ts";
import type { InternalErrors } from "../base/internal-errors.ts";
import { oneAtATime } from "../base/one-at-a-time.ts";
import type { Limits } from "../limits.ts";
import { BodyFailure, type BodyProblem, BodyReader } from "../servers/http/body.ts";
import { HttpConnections } from "../servers/http/connections.ts";
import { Proxies } from "./proxies.ts";
import type { ProxyContext } from "./proxy.ts";
import { errorAnswer, handle, isPublic, plainError, route } from "./routes.ts";

/** What the server needs. */
export interface ToxiproxyOptions extends ProxyContext {
  /** 0 selects a free one. */
  readonly port: number;
  readonly rights: RightsPolicy;
  /** Those of the lab's ports of HTTP. */
  readonly limits: Pick<Limits, "httpConnections" | "httpRequestMs" | "httpBodyBytes" | "httpBodyMs">;
  /** The octets of bodies that are being read, or whose requests wait for others. */
  readonly bodies: Budget;
  /** Counts errors of the server itself. */
  readonly errors: InternalErrors;
}

/** An open server. Disposing of it closes its port; its proxies belong to the relays. */
export interface ToxiproxyServer extends AsyncDisposable {
  readonly port: number;
  readonly connections: Bounded;
}

/** Longest time without octets on a connection, s: to open as many proxies as there can be, each of which waits for its name. */
const IDLE_SECONDS = 120;

/** What a client gets whose body was not read completely. */
const PROBLEMS: Readonly<Record<BodyProblem, { readonly message: string; readonly status: number }>> = {
  "too-large": { message: "the body is too long", status: 413 },
  "too-slow": { message: "the body did not arrive in time", status: 408 },
  "bad-request": { message: "the body is incomplete", status: 400 },
  "memory-limit": { message: "other requests have too much memory; try again later", status: 503 },
};

/** The path of a request's URL; `new URL` would throw for a request whose Host is malformed. */
function pathOf(url: string): string {
  return /^\w+:\/\/[^/]*([^?#]*)/.exec(url)?.[1] ?? "";
}

/** Opens the server. Throws the system's error if the port cannot be opened. */
export function serveToxiproxy(options: ToxiproxyOptions): ToxiproxyServer {
  const { port, host, rights, limits, bodies, errors } = options;
  const proxies = new Proxies(options);
  const inTurn = oneAtATime(); // two changes of a proxy could open its port twice
  const reader = new BodyReader(limits, bodies, errors);
  const server = Bun.serve({
    hostname: host,
    port,
    maxRequestBodySize: limits.httpBodyBytes,
    idleTimeout: IDLE_SECONDS,
    development: false, // otherwise an error response contains source code
    reusePort: false, // the default with `development: false` lets another process share the port without an error
    fetch(request, server) {
      const match = route(request.method, pathOf(request.url));
      if (match instanceof Response) return match;
      // A page of any site could send such a request to this machine; browsers name themselves so.
      if (request.headers.get("user-agent")?.startsWith("Mozilla/")) return plainError("User agent not allowed", 403);
      // Upstreams and proxies are shown only to those who may change them.
      const refused = isPublic(match) ? undefined : refusal(requesterOf({ request, server }), rights);
      if (refused) return refusedAnswer(refused.error, refused.status);
      if (request.method === "GET") return inTurn(() => handle(match, proxies, ""));
      // The body before the turn: it can take long to come.
      return reader.text(request, (body, octets) => {
        if (body instanceof BodyFailure) return errorAnswer(PROBLEMS[body.problem]);
        if (!bodies.reserve(octets)) return errorAnswer(PROBLEMS["memory-limit"]);
        return inTurn(() => handle(match, proxies, body)).finally(() => bodies.release(octets));
      });
    },
    error(error) {
      errors.caught(error, "toxiproxy");
      return errorAnswer({ message: "internal error; see the log", status: 500 });
    },
  });
  const own = server.port ?? port;
  const connections = new HttpConnections(own, limits.httpConnections, limits.httpRequestMs, errors, () => {});
  return {
    port: own,
    connections,
    async [Symbol.asyncDispose]() {
      connections.stop();
      await server.stop(true);
    },
  };
}

function refusedAnswer(message: string, status: number): Response {
  const response = errorAnswer({ message, status });
  if (status === 401) response.headers.set("www-authenticate", "Bearer");
  return response;
}
