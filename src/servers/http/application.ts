/**
 * The lab's HTTP application, which all listeners of requests share: compiling its routes takes most of the time of a start.
 * Each listener passes its requests with their origin, from which the routes learn the peer and the counters.
 */
import { type AnyElysia, type DocumentDecoration, Elysia } from "elysia";
import type { Traffic } from "../../metrics/counters.ts";
import { webSocketRoute } from "../websocket/endpoint.ts";
import { type TrafficHandlers, type TrafficRoute, trafficApplication } from "./routes.ts";
import { ALTERNATIVE_FIELD } from "./timing.ts";

/** The part of the runtime's server that knows the peers of its requests. */
export interface PeerServer {
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
}

/** The listener that received a request. */
export interface Origin {
  /** The server whose connection the request came on. */
  readonly server: PeerServer;
  /** The counters of the listener's protocol. */
  readonly traffic: Pick<Traffic, "rejects">;
  readonly handlers: TrafficHandlers;
  /** The value of `Alt-Svc` in the responses; undefined for none. */
  readonly alternative: string | undefined;
}

/** What the application consists of. */
export interface ApplicationParts {
  /** Makes the control routes. `trafficOf` returns the counters of the protocol of a request; undefined for none. */
  readonly control: (trafficOf: (request: Request) => Origin["traffic"] | undefined) => AnyElysia;
  /** The API description of a traffic route. */
  readonly describe: (route: TrafficRoute) => DocumentDecoration;
  /** Paths that are requested before a port is open, because the first request of a route takes milliseconds. */
  readonly firstRequests: readonly string[];
  /** Paths among them whose first response answers all later requests. */
  readonly fixedRequests: readonly string[];
}

/** The application of a lab. */
export class HttpApplication {
  /** By request, because a route may need its origin after the body has arrived. */
  readonly #origins = new WeakMap<Request, Origin>();
  readonly #app: AnyElysia;
  readonly #firstRequests: readonly string[];
  readonly #fixedRequests: readonly string[];
  /** The responses to fixed requests, by path. */
  readonly #fixed = new Map<string, Response>();
  #prepared: Promise<void> | undefined;

  constructor({ control, describe, firstRequests, fixedRequests }: ApplicationParts) {
    this.#firstRequests = firstRequests;
    this.#fixedRequests = fixedRequests;
    this.#app = new Elysia({ normalize: false })
      .use(control((request) => this.#origins.get(request)?.traffic))
      .use(trafficApplication((request) => this.#originOf(request).handlers, describe))
      .use(webSocketRoute(describe));
    const peers: PeerServer = { requestIP: (request) => this.#origins.get(request)?.server.requestIP(request) ?? null };
    // The routes get this as `server`, of which they call `requestIP` only: a request is judged by its own server.
    this.#app.server = peers as NonNullable<AnyElysia["server"]>;
  }

  /** Compiles the routes, once. */
  prepare(): Promise<void> {
    this.#prepared ??= this.#requestFirst();
    return this.#prepared;
  }

  async #requestFirst(): Promise<void> {
    this.#app.compile();
    for (const path of this.#firstRequests) {
      const response = await this.#app.handle(new Request(`http://localhost${path}`));
      const body = await response.arrayBuffer();
      if (this.#fixedRequests.includes(path)) this.#fixed.set(path, new Response(body, { headers: response.headers }));
    }
  }

  /**
   * The routes whose response is always the same, for the runtime's router, which answers them in the turn of the request. The
   * application has to be prepared.
   */
  fixedRoutes(alternative: string | undefined): Readonly<Record<string, Readonly<Record<string, Response>>>> {
    const fixed = Object.entries(this.#app.router.response).map(([path, byMethod]) => {
      return [path, fixedIn(byMethod ?? {}, alternative)] as const;
    });
    const requested = [...this.#fixed].map(([path, GET]) => [path, fixedIn({ GET }, alternative)] as const);
    return Object.fromEntries([...fixed, ...requested].filter(([, byMethod]) => Object.keys(byMethod).length > 0));
  }

  /** The response to a request that came from `origin`. */
  fetch(request: Request, origin: Origin): Response | Promise<Response> {
    const response: Response | Promise<Response> = this.#app.fetch(this.#known(request, origin));
    const { alternative } = origin;
    if (alternative === undefined) return response;
    return response instanceof Promise
      ? response.then((response) => withAlternative(response, alternative))
      : withAlternative(response, alternative);
  }

  /** The request whose origin is known: another one if its path is not UTF-8, for which the router has no parameters. */
  #known(request: Request, origin: Origin): Request {
    const { url } = request;
    if (!url.includes("%") || canDecode(url)) {
      this.#origins.set(request, origin);
      return request;
    }
    const routed = new Request(decodable(url), request);
    this.#origins.set(routed, { ...origin, server: { requestIP: () => origin.server.requestIP(request) } });
    return routed;
  }

  #originOf(request: Request): Origin {
    const origin = this.#origins.get(request);
    if (origin) return origin;
    throw new Error("a request without a listener");
  }
}

function canDecode(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

/** The URL with the replacement character in place of octets that are not UTF-8, and with every other `%` encoded. */
function decodable(url: string): string {
  const asUtf8 = (octets: string) => encodeURIComponent(Buffer.from(octets.replaceAll("%", ""), "hex").toString());
  return url.replace(/%(?![0-9a-f]{2})/gi, "%25").replace(/(?:%[0-9a-f]{2})+/gi, asUtf8);
}

/** Copies of those of a path's responses that are always the same. */
function fixedIn(byMethod: object, alternative: string | undefined): Record<string, Response> {
  const fixed = Object.entries(byMethod).filter((entry): entry is [string, Response] => entry[1] instanceof Response);
  return Object.fromEntries(
    fixed.map(([method, response]) => [method, withAlternative(response.clone(), alternative)]),
  );
}

function withAlternative(response: Response, alternative: string | undefined): Response {
  if (alternative !== undefined) response.headers.set(ALTERNATIVE_FIELD, alternative);
  return response;
}
