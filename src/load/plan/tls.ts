/** Which certificates a run accepts from its target. */
import { X509Certificate } from "node:crypto";
import { isSecure, type Protocol } from "../../base/protocol.ts";
import { UsageError } from "./errors.ts";
import type { LoadOptions } from "./options.ts";
import type { Target } from "./target.ts";

/** The certificates that a run accepts. */
export interface TlsPlan {
  /** Whether the target's certificate is verified. */
  readonly verify: boolean;
  /** Certificates in PEM form that are trusted in place of those of the runtime; undefined for none. */
  readonly ca: string | undefined;
  /** Where `ca` comes from: the options, or the lab on this machine. */
  readonly caFrom: "options" | "lab" | undefined;
  /** Called after a handshake that failed: reads `ca` again where it can have changed, for later connections. */
  renew?(): void;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Whether the run encrypts its packets: by its protocol, or by the scheme of its target's URL. */
export function isEncrypted({ protocol, target }: { readonly protocol: Protocol; readonly target: Target }): boolean {
  return isSecure(protocol) || /^(?:https|wss):$/.test(target.url?.protocol ?? "");
}

/** The certificates of a PEM text; undefined if it has none, or anything that is not one. */
export function pemCertificates(text: string): readonly string[] | undefined {
  const found = text.match(CERTIFICATE) ?? [];
  try {
    for (const pem of found) new X509Certificate(pem);
  } catch {
    return undefined;
  }
  return found.length === 0 ? undefined : found;
}

/** What the options say about certificates. Throws a UsageError for `ca` without a certificate, or without verification. */
export function planTls({ ca, verify, http }: LoadOptions): TlsPlan {
  const isVerified = verify ?? http?.verify ?? true;
  if (ca === undefined) return { verify: isVerified, ca, caFrom: undefined };
  if (!isVerified) throw new UsageError("--ca and --insecure exclude each other: --insecure accepts any certificate");
  const certificates = pemCertificates(typeof ca === "string" ? ca : Buffer.from(ca).toString());
  if (certificates === undefined) throw new UsageError("--ca: expected certificates in PEM form");
  return { verify: true, ca: certificates.join("\n"), caFrom: "options" };
}
