/** The request of an HTTP run. It is the same for each packet, so its octets are made once. */
import type { HttpOptions } from "../../plan/options.ts";
import type { Endpoint } from "../../plan/target.ts";

/** A request. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** Header fields in order; they replace the default fields of the same name. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly keepAlive: boolean;
}

const METHODS_WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** The request for a target. A method that has a body gets one of JSON with `size` octets if none is given. */
export function requestFor(endpoint: Endpoint, size: number, options: HttpOptions): HttpRequest {
  const { headers = [], keepAlive = true, body } = options;
  const url = endpoint.url ?? new URL(`http://${endpoint.address}:${endpoint.port}/`);
  const method = options.method ?? "GET";
  const defaultBody = METHODS_WITH_BODY.has(method) ? jsonBody(size) : Buffer.alloc(0);
  return { method, url, headers, body: body === undefined ? defaultBody : Buffer.from(body), keepAlive };
}

/** A JSON body of `size` octets, or of the fewest that JSON needs, as `POST /` of the lab accepts it. */
export function jsonBody(size: number): Buffer {
  const start = '{"message":"';
  const length = Math.max(0, size - start.length - 2);
  return Buffer.from(`${start}${"Hello HTTP ".repeat(Math.ceil(length / 11)).slice(0, length)}"}`);
}

/**
 * The header fields of a request in order, the first of which is Host.
 * @param session the id of the run, by which a lab names the requests that its faults lost; undefined for none
 */
export function requestFields(request: HttpRequest, session?: string): (readonly [name: string, value: string])[] {
  const given = new Set(request.headers.map(([name]) => name.toLowerCase()));
  const fields: (readonly [name: string, value: string])[] = [];
  const addDefault = (name: string, value: string) => {
    if (!given.has(name.toLowerCase())) fields.push([name, value]);
  };
  addDefault("Host", request.url.host);
  addDefault("User-Agent", "wirelab-load");
  addDefault("Accept", "*/*");
  if (session !== undefined) addDefault("X-Wirelab-Session", session);
  if (!request.keepAlive) addDefault("Connection", "close");
  if (request.body.length > 0 || request.method === "POST" || request.method === "PUT") {
    addDefault("Content-Type", "application/json");
    addDefault("Content-Length", String(request.body.length));
  }
  return [...fields, ...request.headers];
}

/** Fields of a connection, which HTTP/2 and HTTP/3 do not have (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** The fields of the request in HTTP/2 and HTTP/3: the pseudo-header fields first, all names in lower case. */
export function pseudoFields(request: HttpRequest, session?: string): (readonly [name: string, value: string])[] {
  const fields = requestFields(request, session).map(([name, value]) => [name.toLowerCase(), value] as const);
  const authority = fields.find(([name]) => name === "host")?.[1] ?? request.url.host;
  return [
    [":method", request.method],
    [":scheme", "https"],
    [":authority", authority],
    [":path", `${request.url.pathname}${request.url.search}`],
    ...fields.filter(([name]) => !CONNECTION_FIELDS.has(name)),
  ];
}

/**
 * The octets of a request (RFC 9112 section 3).
 * @param session as for `requestFields`
 */
export function requestBytes(request: HttpRequest, session?: string): Buffer {
  const lines = [`${request.method} ${request.url.pathname}${request.url.search} HTTP/1.1`];
  for (const [name, value] of requestFields(request, session)) lines.push(`${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), request.body]);
}
