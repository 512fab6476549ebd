/** The TLS options of the listeners. */
import type { CertificatePair } from "../certificates/certificate.ts";

/** With TLS 1.2 only authenticated ciphers with a key of their own; those of TLS 1.3 are all so. */
const CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";

/** The options for new connections. The runtime speaks TLS 1.2 and 1.3 unless it is told otherwise. */
export function tlsOptions({ cert, key }: CertificatePair) {
  return { cert, key, ciphers: CIPHERS };
}
