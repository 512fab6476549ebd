/** The TLS options of the listeners. */
import type { CertificateSource } from "../certificates/source.ts";

/** The certificate and key for new connections. */
export function keyPairOf({ current: { cert, key } }: CertificateSource): {
  readonly cert: string;
  readonly key: string;
} {
  return { cert, key };
}
