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
 * The octets of a request (RFC 9112 section 3).
 * @param session the id of the run, by which a lab names the requests that its faults lost; undefined for none
 */
export function requestBytes(request: HttpRequest, session?: string): Buffer {
  const given = new Set(request.headers.map(([name]) => name.toLowerCase()));
  const lines = [`${request.method} ${request.url.pathname}${request.url.search} HTTP/1.1`];
  const addDefault = (name: string, value: string) => {
    if (!given.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
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
  for (const [name, value] of request.headers) lines.push(`${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), request.body]);
}
