/** Who may change the lab's state: whoever is on this machine, or shows the token; never a page of another site. */
import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { isLoopback, splitHostPort } from "../base/address.ts";

/** A request that may not do what it asks for. */
export class NotAllowedError extends Error {
  override readonly name = "NotAllowedError";
  constructor(
    readonly status: 401 | 403,
    message: string,
  ) {
    super(message);
  }
}

/** A request as far as rights go. */
export interface Asker {
  /** The peer's address as the socket names it. */
  readonly address: string;
  readonly headers: Headers;
}

/** What the configuration says of rights. */
export interface RightsPolicy {
  readonly token: string | undefined;
  /** The configured host; a name is accepted in `Host` too. */
  readonly host: string;
}

/** Why a request may not change anything: the HTTP status and one line. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
}

/** Compares in a time that does not depend on where the texts differ. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** The reason for which `asker` may change nothing, or undefined where it may. */
export function refusal({ address, headers }: Asker, { token, host }: RightsPolicy): Refusal | undefined {
  const authority = headers.get("host") ?? "";
  const { host: given = "", port = "0" } = splitHostPort(authority) ?? {};
  const name = /^\d+$/.test(port) ? given.toLowerCase() : ""; // names have no case (RFC 9110 section 4.2.3)
  if (!isIP(name) && name !== "localhost" && name !== host.toLowerCase()) {
    return { status: 403, error: `Host "${authority}" is not allowed; use an address or localhost` };
  }
  const origin = headers.get("origin");
  if (origin !== null && origin.replace(/^https?:\/\//, "") !== authority) {
    return { status: 403, error: `Origin "${origin}" is not allowed; only this lab's own page may do this` };
  }
  if (isLoopback(address)) return undefined;
  if (token === undefined) {
    return { status: 403, error: "only from this machine; set WIRELAB_TOKEN to allow others that show it" };
  }
  const [scheme, shown] = (headers.get("authorization") ?? "").split(" ", 2);
  if (scheme?.toLowerCase() === "bearer" && shown !== undefined && isSame(shown, token)) return undefined;
  return { status: 401, error: "show the token: Authorization: Bearer TOKEN" };
}

/** The part of a route's context that tells who asks. */
export interface AskerContext {
  readonly request: Request;
  readonly server: { requestIP(request: Request): { readonly address: string } | null } | null;
}

/** Throws NotAllowedError where the request may change nothing. */
export function assertMayChange({ request, server }: AskerContext, policy: RightsPolicy): void {
  const address = server?.requestIP(request)?.address ?? "";
  const refused = refusal({ address, headers: request.headers }, policy);
  if (refused) throw new NotAllowedError(refused.status, refused.error);
}
