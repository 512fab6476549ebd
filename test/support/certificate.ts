/** A certificate that signs itself, for servers of tests. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes the certificate, for the name localhost and the address 127.0.0.1, and its key; both PEM. */
export function selfSigned(): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const what = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  Bun.spawnSync(["openssl", ...what.split(" "), ...names, "-keyout", key, "-out", cert]);
  const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  rmSync(folder, { recursive: true });
  return pair;
}
