/**
 * Reloads the certificate of the user when its files change. Files are read every few seconds and compared by content:
 * notifications of the file system miss changes that reach the path through a symbolic link to a folder (as in
 * Kubernetes), and files that are replaced by a rename (as by Certbot).
 */
import { InternalErrors } from "../base/internal-errors.ts";
import type { Log } from "../base/log.ts";
import { messageOf } from "../base/message.ts";
import type { Certificate, CertificatePair } from "./certificate.ts";
import { type CertificateFiles, parseCertificate, readCertificateFiles } from "./load.ts";
import { type CertificateSource, type Repeat, repeatWith, startSource } from "./source.ts";

/** Two reads of some KB take less than 0.1 ms. */
const POLL_MS = 5000;

/** What `watchCertificate` needs. */
export interface WatchOptions extends CertificateFiles {
  readonly log: Log;
  /** Ms since the Unix epoch. */
  readonly now?: () => number;
  readonly repeat?: Repeat;
}

/**
 * The certificate of two files, which is reloaded within 5 s of a change. Throws CertificateError if it cannot be used at
 * the start. Later a pair that cannot be used leaves the current one in use. One warning is logged for it, when it is
 * found a second time, because the two files are not replaced at the same time.
 */
export function watchCertificate(options: WatchOptions): CertificateSource {
  const { log, now = Date.now, repeat = repeatWith(new InternalErrors(log), "certificates") } = options;
  const first = parseCertificate(readCertificateFiles(options), options, now());
  /** The last unusable state of the files, and how often it was found one after another. */
  let unusable = { state: "", found: 0 };

  function reject(state: string, reason: string): undefined {
    unusable = { state, found: unusable.state === state ? unusable.found + 1 : 1 };
    if (unusable.found === 2)
      log.write("warn", "TLS certificate not reloaded: the current one stays in use", { reason });
  }

  function next(current: Certificate): Certificate | undefined {
    let pair: CertificatePair | undefined;
    try {
      pair = readCertificateFiles(options);
      if (pair.cert === current.cert && pair.key === current.key) {
        unusable = { state: "", found: 0 };
        return undefined;
      }
      const certificate = parseCertificate(pair, options, now());
      unusable = { state: "", found: 0 };
      log.write("info", "TLS certificate reloaded", { notAfter: certificate.notAfter.toISOString() });
      return certificate;
    } catch (error) {
      const reason = messageOf(error);
      return reject(pair ? pair.cert + pair.key : reason, reason);
    }
  }

  return startSource(first, { ms: POLL_MS, repeat }, next);
}
