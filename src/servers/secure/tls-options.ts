/** The settings of TLS of every listener with a certificate. */
import type { CertificatePair } from "../../certificates/certificate.ts";

/** The number of TLS 1.2 in the protocol (RFC 5246 appendix A.1), the lowest version that is accepted. */
const TLS_1_2 = 0x0303;

/**
 * The cipher suites of TLS 1.2: with a key exchange that is forgotten afterwards and authenticated encryption (RFC 9325 section
 * 4.2). The suites of TLS 1.3 are all of that kind, and this list does not change them.
 */
const CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** The settings with a certificate and its key. */
export function tlsOptions({ cert, key }: CertificatePair) {
  // The runtime takes the number; its types do not have the setting.
  return { cert, key, ciphers: CIPHERS, minVersion: TLS_1_2 };
}
