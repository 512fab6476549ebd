/**
 * Access control of requests that change the lab's state: they are allowed from this machine, and from elsewhere with
 * the token, but never from a page of another site (docs/CONTRACT.md, section 7).
 */
import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { isLocalClient, splitHostPort } from "../base/address.ts";

/** A request that is not allowed; the message is one line. */
export class NotAllowedError extends Error {
  override readonly name = "NotAllowedError";
  constructor(
    readonly status: 401 | 403,
    message: string,
  ) {
    super(message);
  }
}

/** The parts of a request that decide whether it is allowed. */
export interface Requester {
  /** The peer's address, as the socket reports it. */
  readonly address: string;
  readonly headers: Headers;
}

/** The configuration of access control. */
export interface RightsPolicy {
  /** The bearer token; undefined allows no request from elsewhere. */
  readonly token: string | undefined;
  /** The configured host; if it is a name, `Host` may contain it. */
  readonly host: string;
}

/** Why a request is not allowed: the HTTP status and one line. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
}

/** The part of a route's context from which the requester is read. */
export interface RouteContext {
  readonly request: Request;
  readonly server: { requestIP(request: Request): { readonly address: string } | null } | null;
}

/** Compares in a time that does not depend on the position of the first difference. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** Why `requester` may not change the lab's state; undefined if it may. */
export function refusal({ address, headers }: Requester, { token, host }: RightsPolicy): Refusal | undefined {
  const authority = headers.get("host") ?? "";
  const { host: given = "", port = "0" } = splitHostPort(authority) ?? {};
  const name = /^\d+$/.test(port) ? given.toLowerCase() : ""; // names have no case (RFC 9110 section 4.2.3)
  if (!isIP(name) && name !== "localhost" && name !== host.toLowerCase()) {
    return { status: 403, error: `Host "${authority}" is not allowed; use an address or localhost` };
  }
  const origin = headers.get("origin");
  if (origin !== null && origin.replace(/^https?:\/\//, "") !== authority) {
    return { status: 403, error: `Origin "${origin}" is not allowed; use the lab's own page` };
  }
  if (isLocalClient(address)) return undefined;
  if (token === undefined) {
    return {
      status: 403,
      error: "only allowed from this machine; set WIRELAB_TOKEN to allow other clients that send it",
    };
  }
  const [scheme, sent] = (headers.get("authorization") ?? "").split(" ", 2);
  if (scheme?.toLowerCase() === "bearer" && sent !== undefined && isSame(sent, token)) return undefined;
  return { status: 401, error: "send the token: Authorization: Bearer TOKEN" };
}

/** The requester of a route's request; its address is empty if the connection is closed. */
export function requesterOf({ request, server }: RouteContext): Requester {
  return { address: server?.requestIP(request)?.address ?? "", headers: request.headers };
}

/** Whether the request may change the lab's state. */
export function mayChange(context: RouteContext, policy: RightsPolicy): boolean {
  return refusal(requesterOf(context), policy) === undefined;
}

/** Throws NotAllowedError if the request may not change the lab's state. */
export function assertMayChange(context: RouteContext, policy: RightsPolicy): void {
  const refused = refusal(requesterOf(context), policy);
  if (refused) throw new NotAllowedError(refused.status, refused.error);
}
