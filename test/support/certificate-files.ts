/** A certificate for 127.0.0.1 in files, made by openssl. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a certificate; returns its files as options of a lab. */
export function certificateFiles(name = "localhost"): { readonly tlsCert: string; readonly tlsKey: string } {
  const folder = mkdtempSync(join(tmpdir(), "wirelab-certificate-"));
  const tlsCert = join(folder, "cert.pem");
  const tlsKey = join(folder, "key.pem");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tlsKey];
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  Bun.spawnSync(["openssl", "req", "-x509", ...key, "-out", tlsCert, "-days", "30", ...names]);
  return { tlsCert, tlsKey };
}
