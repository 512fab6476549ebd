/** The certificate of the user: what is accepted, and the line of each error. */
import { describe, expect, test } from "bun:test";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CertificateError, DAY_MS } from "../../src/certificates/certificate.ts";
import { loadCertificate } from "../../src/certificates/load.ts";
import { makeAuthority, makeCertificate } from "../../src/certificates/make.ts";
import { NAMES, parsed, temporaryFolder } from "./support.ts";

const authority = await makeAuthority(NAMES);
const server = await makeCertificate(authority, NAMES);
const other = await makeCertificate(authority, NAMES);
const expired = await makeCertificate(authority, NAMES, Date.parse("2024-01-01T01:00:00Z"));
const future = await makeCertificate(authority, NAMES, Date.parse("2030-01-01T01:00:00Z"));
const encryptedKey = createPrivateKey(server.key)
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" })
  .toString();
const publicKey = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).publicKey.export({
  type: "spki",
  format: "pem",
});
const NOW = Date.parse("2027-01-01T00:00:00Z");

/** Loads two files with these texts; undefined leaves a file out. Returns the certificate or the error's line. */
function load(cert: string | undefined, key: string | undefined, now = NOW) {
  using folder = temporaryFolder();
  const files = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")] as const;
  [cert, key].forEach((text, index) => {
    if (text !== undefined) writeFileSync(files[index] ?? "", text);
  });
  try {
    return loadCertificate(...files, now);
  } catch (error) {
    expect(error).toBeInstanceOf(CertificateError);
    return error instanceof Error ? error.message.replaceAll(`${folder.path}/`, "") : "";
  }
}

describe("a certificate of the user", () => {
  test("is loaded with its names, its end and its chain, and without an authority", () => {
    const cert = server.cert + authority.cert;
    const notAfter = new Date(parsed(server.cert).validTo);
    expect(load(cert, server.key)).toEqual({ cert, key: server.key, ca: undefined, names: NAMES, notAfter });
  });

  test("can have text around its blocks, and a key in the form of SEC 1", () => {
    const key = createPrivateKey(server.key).export({ type: "sec1", format: "pem" }).toString();
    expect(key).toStartWith("-----BEGIN EC PRIVATE KEY-----");
    const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    expect(load(`subject=CN = wirelab\n${server.cert}`, parameters + key)).toMatchObject({ names: NAMES });
  });
});

const CERT = "allowed: a PEM file with a certificate that is valid now, followed by its chain";
const KEY = "allowed: a PEM file with the unencrypted private key of the certificate";

test.each([
  ["no certificate file", undefined, server.key, `cert.pem: no such file; ${CERT}`],
  ["no key file", server.cert, undefined, `key.pem: no such file; ${KEY}`],
  ["a certificate that is not PEM", "garbage", server.key, `cert.pem: contains no certificate in PEM; ${CERT}`],
  ["an empty certificate", "", server.key, `cert.pem: contains no certificate in PEM; ${CERT}`],
  ["a key as the certificate", server.key, server.key, `cert.pem: contains no certificate in PEM; ${CERT}`],
  [
    "half a chain",
    server.cert + authority.cert.replace("\n", "\nAAAA"),
    server.key,
    `cert.pem: certificate 2 of 2 is not intact; ${CERT}`,
  ],
  ["a key that is not PEM", server.cert, "garbage", `key.pem: contains no private key in PEM; ${KEY}`],
  ["a public key", server.cert, `${publicKey}`, `key.pem: contains no private key in PEM; ${KEY}`],
  ["half a key", server.cert, server.key.slice(0, 100), `key.pem: the key is not intact; ${KEY}`],
  ["an encrypted key", server.cert, encryptedKey, `key.pem: the key is encrypted; ${KEY}`],
  ["the key of another certificate", server.cert, other.key, `key.pem: does not match cert.pem; ${KEY}`],
  ["an expired certificate", expired.cert, expired.key, `cert.pem: expired at 2025-01-31T23:59:59Z; ${CERT}`],
  ["a future certificate", future.cert, future.key, `cert.pem: is not valid before 2030-01-01T00:00:00Z; ${CERT}`],
])("%s is an error of one line", (_, cert, key, line) => {
  expect(load(cert, key)).toBe(line);
});

test("a folder in place of a file is an error of one line", () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "cert.pem"));
  const path = join(folder.path, "cert.pem");
  expect(() => loadCertificate(path, path)).toThrow(`${path}: is a folder; ${CERT}`);
});

test("a certificate is valid until its last second", () => {
  const end = Date.parse(parsed(server.cert).validTo);
  expect(load(server.cert, server.key, end)).toMatchObject({ notAfter: new Date(end) });
  expect(load(server.cert, server.key, end + DAY_MS)).toMatch(/^cert.pem: expired at /);
});
