/** Checks kept certificates at a start: whether they can be used as they are. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { type Certificate, type CertificatePair, DAY_MS, describeCertificate, namesOf } from "./certificate.ts";
import { isWithin } from "./names.ts";

/** Days before its end at which a certificate is replaced. */
export const RENEWAL_DAYS = 30;

/** Why something kept is not used: it is not there, not intact, or intact and no longer suitable. */
export interface Rejection {
  readonly kind: "missing" | "damaged" | "outdated";
  /** For a log line. */
  readonly reason: string;
}

/** A pair as it was read; a file that does not exist or cannot be read is undefined. */
export type KeptPair = { readonly [Part in keyof CertificatePair]: CertificatePair[Part] | undefined };

const damaged = (reason: string): Rejection => ({ kind: "damaged", reason });
const outdated = (reason: string): Rejection => ({ kind: "outdated", reason });

/** The certificate in `cert`; undefined if it is not intact. */
function parse(cert: string): X509Certificate | undefined {
  try {
    return new X509Certificate(cert);
  } catch {
    return undefined;
  }
}

function keyRejection(certificate: X509Certificate, key: string): Rejection | undefined {
  try {
    const privateKey = createPrivateKey(key);
    if (privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") return damaged("the key is not one of P-256");
    return certificate.checkPrivateKey(privateKey) ? undefined : damaged("the key does not match the certificate");
  } catch {
    return damaged("the key is not intact");
  }
}

/** Whether a certificate is valid for 30 more days. */
function endRejection({ validTo }: X509Certificate, now: number): Rejection | undefined {
  const daysLeft = (Date.parse(validTo) - now) / DAY_MS;
  if (daysLeft >= RENEWAL_DAYS) return undefined;
  return outdated(
    daysLeft < 0 ? "the certificate has expired" : `the certificate expires in ${Math.floor(daysLeft)} days`,
  );
}

/**
 * Why no certificate can be signed by this authority; undefined if one can. One that is not valid yet can, so that a clock
 * that is late at one start does not replace an authority that clients trust.
 */
export function authorityRejection({ cert, key }: KeptPair, now: number): Rejection | undefined {
  if (cert === undefined && key === undefined) return { kind: "missing", reason: "there is none" };
  if (cert === undefined || key === undefined)
    return damaged(`the ${cert === undefined ? "certificate" : "key"} is missing`);
  const certificate = parse(cert);
  if (!certificate) return damaged("the certificate is not intact");
  if (!certificate.ca) return damaged("the certificate is not one of an authority");
  return keyRejection(certificate, key) ?? endRejection(certificate, now);
}

/** Kept files, and what they have to be good for. */
export interface Requirement {
  readonly server: KeptPair;
  /** The certificate of the authority. */
  readonly ca: string | undefined;
  readonly names: readonly string[];
  /** Ms since the Unix epoch. */
  readonly now: number;
}

/** The kept certificate of the server if it is intact, signed by the authority, and valid for these names and 30 days. */
export async function checkKept({ server, ca, names, now }: Requirement): Promise<Certificate | Rejection> {
  const { cert, key } = server;
  if (cert === undefined && key === undefined) return { kind: "missing", reason: "there is none" };
  if (cert === undefined || key === undefined)
    return damaged(`the ${cert === undefined ? "certificate" : "key"} is missing`);
  const certificate = parse(cert);
  if (!certificate) return damaged("the certificate is not intact");
  const authority = ca === undefined ? undefined : parse(ca);
  if (!authority) return outdated("its authority is missing or not intact");
  const rejection = keyRejection(certificate, key);
  if (rejection) return rejection;
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey))
    return outdated("another authority has signed it");
  const known = namesOf(certificate);
  const missing = await permittedNames(
    authority,
    names.filter((name) => !known.includes(name)),
  );
  if (missing.length > 0) return outdated(`it does not contain ${missing.join(", ")}`);
  if (now < Date.parse(certificate.validFrom)) return outdated("the certificate is not valid yet");
  return endRejection(certificate, now) ?? describeCertificate({ cert, key }, ca);
}

/** Those of `names` that the name constraints of an authority permit. */
export async function permittedNames(authority: X509Certificate, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return []; // the encoder is loaded only if it is needed
  const { permittedDomains } = await import("./x509.ts");
  const domains = permittedDomains(authority);
  return domains === undefined ? names : names.filter((name) => isWithin(name, domains));
}
