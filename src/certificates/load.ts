/** The certificate of the user, from two PEM files. Each error is one line: the file, the problem, what is allowed. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { fileProblem } from "../base/file-errors.ts";
import { messageOf } from "../base/message.ts";
import { type Certificate, CertificateError, type CertificatePair, describeCertificate } from "./certificate.ts";

/** The files of a certificate: its chain, and its private key. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const ALLOWED_CERT = "a PEM file with a certificate that is valid now, followed by its chain";
const ALLOWED_KEY = "a PEM file with the unencrypted private key of the certificate";

function refusal(file: string, problem: string, allowed: string): CertificateError {
  return new CertificateError(`${file}: ${problem}; allowed: ${allowed}`);
}

function readText(file: string, allowed: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw refusal(file, fileProblem(error), allowed);
  }
}

/** The texts of the files. Throws CertificateError. */
export function readCertificateFiles({ certFile, keyFile }: CertificateFiles): CertificatePair {
  return { cert: readText(certFile, ALLOWED_CERT), key: readText(keyFile, ALLOWED_KEY) };
}

/** The first certificate of a chain, which is the one of the server. All of them are parsed. */
function parseChain(file: string, text: string): X509Certificate {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  const [first] = blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw refusal(file, `certificate ${index + 1} of ${blocks.length} is not intact`, ALLOWED_CERT);
    }
  });
  if (!first) throw refusal(file, "contains no certificate in PEM", ALLOWED_CERT);
  return first;
}

function parseKey(file: string, text: string): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw refusal(file, "contains no private key in PEM", ALLOWED_KEY);
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) throw refusal(file, "the key is encrypted", ALLOWED_KEY);
  try {
    return createPrivateKey(text);
  } catch {
    throw refusal(file, "the key is not intact", ALLOWED_KEY);
  }
}

/** The time of an error message, in whole seconds. */
const dateText = (date: Date) => date.toISOString().replace(/\.\d+Z$/, "Z");

/** Checks the texts of two files as a certificate and its key. Throws CertificateError. */
export function parseCertificate(
  pair: CertificatePair,
  { certFile, keyFile }: CertificateFiles,
  now: number,
): Certificate {
  const certificate = parseChain(certFile, pair.cert);
  const key = parseKey(keyFile, pair.key);
  if (!certificate.checkPrivateKey(key)) throw refusal(keyFile, `does not match ${certFile}`, ALLOWED_KEY);
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  if (now < from.getTime()) throw refusal(certFile, `is not valid before ${dateText(from)}`, ALLOWED_CERT);
  if (now > to.getTime()) throw refusal(certFile, `expired at ${dateText(to)}`, ALLOWED_CERT);
  try {
    createSecureContext(pair); // the TLS library refuses keys that are too short
  } catch (error) {
    throw refusal(certFile, `cannot be used for TLS (${messageOf(error)})`, ALLOWED_CERT);
  }
  return describeCertificate(pair, undefined);
}

/**
 * The certificate in `certFile` with the key in `keyFile`. Throws CertificateError for a file that cannot be read, is
 * not PEM or not intact, an encrypted key, a key of another certificate, and a certificate that is not valid now.
 * @param now ms since the Unix epoch
 */
export function loadCertificate(certFile: string, keyFile: string, now = Date.now()): Certificate {
  const files = { certFile, keyFile };
  return parseCertificate(readCertificateFiles(files), files, now);
}
