/** The certificate of a TLS server, and the errors of certificates. */
import { X509Certificate } from "node:crypto";
import { certificateName } from "./names.ts";

/** A certificate and its private key as PEM. */
export interface CertificatePair {
  /** One certificate, or a chain that begins with the one of the key. */
  readonly cert: string;
  /** Not encrypted. */
  readonly key: string;
}

/** What a TLS server presents, in the form of the options `cert`, `key` and `ca` of Bun and Node. */
export interface Certificate extends CertificatePair {
  /** The authority that clients have to trust; undefined for a certificate of the user. */
  readonly ca: string | undefined;
  /** The DNS names and IP addresses of the certificate (RFC 5280, section 4.2.1.6). */
  readonly names: readonly string[];
  /** The end of its validity. */
  readonly notAfter: Date;
}

/** A certificate or key that cannot be used; the message is one line: what, where, and what is allowed. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/** Ms of a day. */
export const DAY_MS = 86_400_000;

/** A certificate with the names and the end of validity that it contains. Throws an error if `cert` is not PEM. */
export function describeCertificate({ cert, key }: CertificatePair, ca: string | undefined): Certificate {
  const parsed = new X509Certificate(cert);
  return { cert, key, ca, names: namesOf(parsed), notAfter: new Date(parsed.validTo) };
}

/** The DNS names and IP addresses of a certificate, which Node prints as `DNS:localhost, IP Address:127.0.0.1`. */
export function namesOf({ subjectAltName = "" }: X509Certificate): readonly string[] {
  const names = [...subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address):([^, ]+)/g)].map(([, name = ""]) => name);
  return names.map((name) => certificateName(name) ?? name); // a wildcard is not a name of a host
}
