/** Calls of the lab's HTTP API, with the bearer token and the API's errors. */

/** An error response of the lab; status 0 means that the lab was not reached. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    message: string,
    /** Index of the invalid character in a text, from 0. */
    readonly position?: number,
  ) {
    super(message);
  }
}

let token = "";

/** Sends `value` as the bearer token from now on. It is kept in the memory of this tab only. */
export function useToken(value: string): void {
  token = value;
}

/** The authorization header, if there is a token. */
export function authorization(): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** A request body: a string is sent as text, an object as JSON. */
export type Body = string | object;

function contentType(body: Body | undefined): Record<string, string> {
  if (body === undefined) return {};
  return { "content-type": typeof body === "string" ? "text/plain" : "application/json" };
}

/**
 * Calls a route and returns its JSON response. `T` is the type that the route's description gives. With `keepalive` the
 * request is sent even if the page is closed meanwhile. Throws ApiError.
 */
export async function callApi<T>(method: string, path: string, body?: Body, keepalive = false): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      keepalive,
      headers: { ...authorization(), ...contentType(body) },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, "the lab cannot be reached");
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as T; // same-origin route of the lab, whose response type the caller states
  throw toError(response.status, answer);
}

function toError(status: number, answer: unknown): ApiError {
  const fields = typeof answer === "object" && answer !== null ? new Map(Object.entries(answer)) : new Map();
  const position = fields.get("position");
  const message = String(fields.get("error") ?? `the lab answered with status ${status}`);
  return new ApiError(status, message, typeof position === "number" ? position : undefined);
}
