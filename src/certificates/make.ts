/**
 * Makes authorities and certificates of servers. A user can add the authority to the trusted ones of a system, and
 * whoever has its private key can then impersonate any server under its domains and any IP address to that user.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { CertificateError, type CertificatePair, DAY_MS } from "./certificate.ts";
import { certificateName, domainsOf } from "./names.ts";

/** Certificates are valid from an hour ago, for clients whose clocks are late. */
const CLOCK_SKEW_MS = 3_600_000;
const AUTHORITY_DAYS = 3650;
/** Days of validity; browsers refuse certificates of more than 398. */
const SERVER_DAYS = 397;

/** Validity in whole seconds, the last of which is included (RFC 5280, section 4.1.2.5). */
function validityFrom(now: number, days: number) {
  const start = Math.floor((now - CLOCK_SKEW_MS) / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS - 1000) };
}

function newKey(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject; readonly pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  // With the format "pem" the result is a string; the types of Bun do not tell the formats apart.
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  return { publicKey, privateKey, pem };
}

/**
 * A new authority, valid for 10 years. It is accepted only for private domains (`localhost`, `test`, `local`,
 * `home.arpa`, `internal`), the DNS names among `names` and names below these, so that a stolen key impersonates no
 * public site. IP addresses are not constrained.
 * @param now ms since the Unix epoch
 */
export async function makeAuthority(names: readonly string[], now = Date.now()): Promise<CertificatePair> {
  const { authorityPem } = await import("./x509.ts");
  const { privateKey, pem } = newKey();
  const domains = domainsOf(checkedNames(names));
  return { cert: authorityPem(privateKey, domains, validityFrom(now, AUTHORITY_DAYS)), key: pem };
}

/**
 * A certificate of a server with a new key, valid for 397 days or until the authority ends. Rejects with
 * CertificateError if a name is neither a DNS name nor an IP address, or if there is none.
 * @param now ms since the Unix epoch
 */
export async function makeCertificate(
  authority: CertificatePair,
  names: readonly string[],
  now = Date.now(),
): Promise<CertificatePair> {
  const { serverPem } = await import("./x509.ts");
  const certificate = new X509Certificate(authority.cert);
  const { notBefore, notAfter } = validityFrom(now, SERVER_DAYS);
  const end = new Date(Math.min(notAfter.getTime(), new Date(certificate.validTo).getTime()));
  const { publicKey, pem } = newKey();
  const issuer = { certificate, privateKey: createPrivateKey(authority.key) };
  return { cert: serverPem(issuer, publicKey, checkedNames(names), { notBefore, notAfter: end }), key: pem };
}

function checkedNames(names: readonly string[]): readonly string[] {
  if (names.length === 0) throw new CertificateError("a certificate needs a DNS name or an IP address");
  return names.map((name) => {
    const valid = certificateName(name);
    if (valid === undefined)
      throw new CertificateError(`${JSON.stringify(name)}: neither a DNS name nor an IP address`);
    return valid;
  });
}
