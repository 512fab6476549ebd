/** Asking the lab: its routes, the token, and its errors. */

/** What the lab says of a request that it refuses. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    message: string,
    /** Index of the offending character of a text, from 0. */
    readonly position?: number,
    readonly allowed?: string,
  ) {
    super(message);
  }
}

let token = "";

/** Shows `value` as the bearer token from now on; it is kept in this tab's memory alone. */
export function useToken(value: string): void {
  token = value;
}

/** Headers that show the token, where there is one. */
export function authorization(): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** A request's body: a text goes as text, anything else as JSON. */
export type Body = string | object;

function contentType(body: Body | undefined): Record<string, string> {
  if (body === undefined) return {};
  return { "content-type": typeof body === "string" ? "text/plain" : "application/json" };
}

/**
 * Asks the lab; gives what the route's description says it answers. Throws ApiError, also where the lab cannot be
 * reached (status 0).
 */
export async function ask<T>(method: string, path: string, body?: Body): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...authorization(), ...contentType(body) },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, "the lab cannot be reached");
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as T; // the lab's own route: its answer is what its description says
  throw toError(response.status, answer);
}

function toError(status: number, answer: unknown): ApiError {
  const fields = typeof answer === "object" && answer !== null ? new Map(Object.entries(answer)) : new Map();
  const position = fields.get("position");
  const allowed = fields.get("allowed");
  return new ApiError(
    status,
    String(fields.get("error") ?? `the lab answered ${status}`),
    typeof position === "number" ? position : undefined,
    typeof allowed === "string" ? allowed : undefined,
  );
}

/** One line for any error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
