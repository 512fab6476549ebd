/** What can go wrong in a TLS handshake, as codes for counting and reasons for a person. */
import { errorCode } from "../measure/error-code.ts";

/** Error code of a target whose octets are not TLS. */
export const NOT_TLS = "not-tls";
/** Error code of a target with which there is no common version of TLS. */
export const TLS_VERSION = "tls-version";
/** Error code of a target that does not have the protocol that was offered (ALPN). */
export const NO_ALPN = "no-alpn";
/** Error code of any other failed TLS handshake. */
export const TLS_FAILED = "tls-failed";

/** An error with a code, before the connection is open. */
export function openingError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Codes of handshakes that were not completed. */
const NOT_COMPLETED: readonly string[] = ["EPROTO", "ECONNRESET"];

/** Whether the handshake was completed, and the error is what is wrong with the certificate. */
export function isCertificateError(error: Error | null): boolean {
  return error !== null && !NOT_COMPLETED.includes(errorCode(error));
}

/** The TLS library's names of failures that have a code of their own. */
const REASONS: readonly (readonly [name: RegExp, code: string, message: string])[] = [
  [/WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|NOT_TLS/, NOT_TLS, "the target does not speak TLS"],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|INAPPROPRIATE_FALLBACK/,
    TLS_VERSION,
    "the target has no version of TLS in common with this program, which has 1.2 and 1.3",
  ],
  [/NO_APPLICATION_PROTOCOL/, NO_ALPN, "the target does not have this version of HTTP"],
];

/** The error of a failed handshake, with a code that names the failure where the runtime's does not. */
export function handshakeError(error: Error | null): Error {
  const code = errorCode(error);
  if (code === "ECONNRESET") return openingError("the target closed the connection in the TLS handshake", code);
  if (error !== null && isCertificateError(error)) return error;
  const [, ownCode, message] = REASONS.find(([name]) => name.test(error?.message ?? "")) ?? [];
  if (ownCode !== undefined && message !== undefined) return openingError(message, ownCode);
  const name = error?.message.split(":").at(-1)?.toLowerCase().replaceAll("_", " ");
  return openingError(`the TLS handshake failed${name === undefined ? "" : `: ${name}`}`, TLS_FAILED);
}

/** The codes of a certificate whose authority is not trusted. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
]);
/** The codes of a certificate that is not valid now. */
const INVALID: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
};

/** What is wrong with the certificate, and the flags that accept it; undefined for an error of another kind. */
export function certificateProblem(
  code: string,
  hostname: string,
): { readonly reason: string; readonly remedy: string } | undefined {
  if (UNTRUSTED.has(code)) {
    const remedy = "--ca FILE names the authority to trust, --insecure accepts any certificate";
    return { reason: "its certificate is not trusted", remedy };
  }
  const reason = code === "ERR_TLS_CERT_ALTNAME_INVALID" ? `its certificate is not for ${hostname}` : INVALID[code];
  return reason === undefined ? undefined : { reason, remedy: "--insecure accepts any certificate" };
}

/** The error of a target with which the handshake negotiates another protocol than `alpn`, or none. */
export function noCommonProtocol(alpn: string): Error {
  return openingError(`the target does not have this version of HTTP (ALPN ${alpn})`, NO_ALPN);
}
