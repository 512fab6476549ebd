/** The certificate of a lab by its configuration: the user's own, or one that the lab makes. */
import { dirname } from "node:path";
import type { InternalErrors } from "../base/internal-errors.ts";
import type { Log } from "../base/log.ts";
import { keepCertificates } from "./keep.ts";
import { namesOfHost, thisMachine } from "./names.ts";
import { type CertificateSource, repeatWith } from "./source.ts";
import { watchCertificate } from "./watch.ts";

/** The settings on which the certificate depends. */
export interface CertificateSettings {
  readonly host: string;
  /** The file of the kept runs; the lab's own certificate is kept in `tls/` beside it. */
  readonly data: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
}

/** Opens the certificate. Rejects with CertificateError if the user's own cannot be used. */
export async function openCertificate(
  { host, data, tlsCert, tlsKey }: CertificateSettings,
  log: Log,
  errors: InternalErrors,
): Promise<CertificateSource> {
  const repeat = repeatWith(errors, "certificates");
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return watchCertificate({ certFile: tlsCert, keyFile: tlsKey, log, repeat });
  }
  const folder = data === undefined ? undefined : dirname(data);
  return keepCertificates(folder, { names: namesOfHost(host, thisMachine()), log, repeat });
}
