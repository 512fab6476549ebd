/** The certificate of the servers of a row: both sides use the same. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority, makeCertificate } from "../../src/certificates/make.ts";

const NAMES = ["localhost", "127.0.0.1"];

/** A certificate and its key in PEM files, which `using` removes. */
export interface CertificateFiles extends Disposable {
  readonly cert: string;
  readonly key: string;
  /** The certificate of the authority that signed it. */
  readonly ca: string;
}

/** Makes a certificate as a lab makes its own, for this machine. */
export async function certificateFiles(): Promise<CertificateFiles> {
  const authority = await makeAuthority(NAMES);
  const pair = await makeCertificate(authority, NAMES);
  const folder = mkdtempSync(join(tmpdir(), "wirelab-bench-"));
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    cert: write("cert.pem", pair.cert),
    key: write("key.pem", pair.key),
    ca: write("ca.pem", authority.cert),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
