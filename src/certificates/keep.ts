/** The lab's own certificate: made when there is none, kept in the data folder, and renewed before its end. */
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { fileProblem } from "../base/file-errors.ts";
import { InternalErrors } from "../base/internal-errors.ts";
import type { Log } from "../base/log.ts";
import { type Certificate, CertificateError, DAY_MS, describeCertificate } from "./certificate.ts";
import { authorityRejection, checkKept, permittedNames, RENEWAL_DAYS, type Rejection } from "./check.ts";
import { CertificateFolder, type Contents, NO_CONTENTS } from "./folder.ts";
import { makeAuthority, makeCertificate } from "./make.ts";
import { type CertificateSource, type Repeat, repeatWith, startSource } from "./source.ts";

/** What `keepCertificates` needs. */
export interface KeepOptions {
  /** DNS names and IP addresses in the form of `certificateName`; `namesOfHost` returns those of a lab. */
  readonly names: readonly string[];
  readonly log: Log;
  /** Ms since the Unix epoch. */
  readonly now?: () => number;
  readonly repeat?: Repeat;
}

/** Time between two checks of the certificate in use. A machine without a clock of its own gets the time after its start. */
const CHECK_MS = 60_000;

type Needs = Required<Omit<KeepOptions, "repeat">>;

/** Where certificates are kept: a CertificateFolder, or memory. */
type Store = Pick<CertificateFolder, "read" | "write" | "exclusively">;

function storeInMemory(first: Contents): Store {
  let contents = first;
  return {
    read: () => contents,
    write(added) {
      contents = { ...contents, ...added };
    },
    exclusively: (run) => run(),
  };
}

/**
 * The lab's own certificate and authority. With a data folder they are kept in `tls/` there: `ca.pem`, `ca-key.pem`,
 * `certificate.pem` and `certificate-key.pem`. Kept ones are used again. A certificate that is not suitable is replaced by
 * one of the same authority, and an authority only if it is missing, damaged or near its end. Each minute the
 * certificate is renewed if it ends within 30 days, or is not valid yet: the clock can step by years. If the folder cannot be
 * used, a warning is logged and nothing is kept.
 *
 * The holder of `ca-key.pem` can impersonate servers to everyone who trusts `ca.pem`, so it should not leave the machine.
 * If it is removed, the certificate is used until it has to be replaced. Rejects with CertificateError for invalid names.
 */
export async function keepCertificates(
  dataFolder: string | undefined,
  options: KeepOptions,
): Promise<CertificateSource> {
  const { log, now = Date.now, repeat = repeatWith(new InternalErrors(log), "certificates") } = options;
  const needs: Needs = { names: options.names, log, now };
  const path = dataFolder === undefined ? undefined : join(dataFolder, "tls");
  let store: Store =
    path === undefined ? storeInMemory(NO_CONTENTS) : new CertificateFolder(path, (line) => log.write("warn", line));
  const obtain = async () => {
    try {
      return await keptOrNew(store, needs);
    } catch (error) {
      if (error instanceof CertificateError) throw error;
      log.write("warn", "TLS certificates are not kept", { path, reason: fileProblem(error) });
      store = storeInMemory(store.read());
      return await keptOrNew(store, needs);
    }
  };
  const first = await obtain();
  warnOfOmitted(first, needs);
  return startSource(first, { ms: CHECK_MS, repeat }, (current) => (isDue(current, now()) ? obtain() : undefined));
}

/** Whether a certificate in use has to be replaced. */
function isDue({ cert, notAfter }: Certificate, now: number): boolean {
  const isEarly = now < Date.parse(new X509Certificate(cert).validFrom);
  return isEarly || notAfter.getTime() - now < RENEWAL_DAYS * DAY_MS;
}

/** One line if the authority does not permit some of the names. */
function warnOfOmitted(certificate: Certificate, { names, log }: Needs): void {
  const omitted = names.filter((name) => !certificate.names.includes(name));
  if (omitted.length === 0) return;
  const fix = "delete ca.pem; clients then have to trust the new one";
  log.write("warn", "TLS certificate without names that its authority does not permit", { names: `${omitted}`, fix });
}

async function keptOrNew(store: Store, needs: Needs): Promise<Certificate> {
  const kept = await checkContents(store.read(), needs);
  if (!isRejection(kept)) return kept;
  return store.exclusively(async () => {
    const contents = store.read(); // another lab can have written them before this one had the lock
    const again = await checkContents(contents, needs);
    return isRejection(again) ? await makeMissing(store, contents, again, needs) : again;
  });
}

function checkContents(contents: Contents, { names, now }: Needs): Promise<Certificate | Rejection> {
  const server = { cert: contents["certificate.pem"], key: contents["certificate-key.pem"] };
  return checkKept({ server, ca: contents["ca.pem"], names, now: now() });
}

function isRejection(result: Certificate | Rejection): result is Rejection {
  return "reason" in result;
}

/** Makes a certificate, and an authority if the kept one cannot sign. The authority is written first. */
async function makeMissing(store: Store, contents: Contents, rejection: Rejection, needs: Needs): Promise<Certificate> {
  const { names, log, now } = needs;
  const { authority, isNew } = await authorityOf(contents, needs);
  if (!isNew && rejection.kind !== "missing") {
    const level = rejection.kind === "damaged" ? "warn" : "info";
    log.write(level, "TLS certificate replaced", { reason: rejection.reason });
  }
  const permitted = await permittedNames(new X509Certificate(authority.cert), names);
  const server = await makeCertificate(authority, permitted, now());
  if (isNew) store.write({ "ca-key.pem": authority.key, "ca.pem": authority.cert });
  store.write({ "certificate-key.pem": server.key, "certificate.pem": server.cert });
  return describeCertificate(server, authority.cert);
}

/** The kept authority, or a new one if it cannot sign. */
async function authorityOf(contents: Contents, { names, log, now }: Needs) {
  const { "ca.pem": cert, "ca-key.pem": key } = contents;
  const rejection = authorityRejection({ cert, key }, now());
  if (!rejection && cert !== undefined && key !== undefined) return { authority: { cert, key }, isNew: false };
  if (rejection && rejection.kind !== "missing") {
    const { reason } = rejection;
    log.write("warn", "TLS authority replaced: clients have to trust the new ca.pem", { reason });
  }
  return { authority: await makeAuthority(names, now()), isNew: true };
}
