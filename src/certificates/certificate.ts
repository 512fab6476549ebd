/** The certificate of a lab and its private key. */
import { readFileSync } from "node:fs";

/** A certificate with its chain, and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that can be replaced while the lab runs. */
export interface Certificate {
  readonly current: KeyPair;
  /** The certificate of the authority that signed it, PEM, if the lab made that. */
  readonly ca: string | undefined;
  /** Calls `listener` with each certificate that replaces the current one. */
  onChange(listener: (pair: KeyPair) => void): void;
}

/** The certificate in two files. */
export function readCertificate(certFile: string, keyFile: string): Certificate {
  const current = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  return { current, ca: undefined, onChange() {} };
}
