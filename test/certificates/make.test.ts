/** New certificates: their fields, and what openssl and a TLS client accept. */
import { describe, expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DAY_MS, namesOf } from "../../src/certificates/certificate.ts";
import { makeAuthority, makeCertificate } from "../../src/certificates/make.ts";
import { hasOpenssl, NAMES, openssl, parsed, temporaryFolder } from "./support.ts";

const NOW = Date.parse("2030-06-01T12:00:00.400Z");
const authority = await makeAuthority(NAMES);
const server = await makeCertificate(authority, NAMES);

describe("a new authority", () => {
  test("is signed by itself and has a name of its own", async () => {
    const one = parsed(authority.cert);
    const other = parsed((await makeAuthority(NAMES)).cert);
    expect([one.ca, one.checkIssued(one), one.verify(one.publicKey)]).toEqual([true, true, true]);
    expect(one.subject).toMatch(/^CN=wirelab CA [0-9a-f]{8}$/);
    expect(other.subject).not.toBe(one.subject);
  });

  test("is valid from an hour ago, for 10 years", async () => {
    const { validFrom, validTo } = parsed((await makeAuthority(NAMES, NOW)).cert);
    expect(new Date(validFrom).toISOString()).toBe("2030-06-01T11:00:00.000Z");
    expect(new Date(validTo).toISOString()).toBe("2040-05-29T10:59:59.000Z");
  });

  test("can end after 2049", async () => {
    const { validTo } = parsed((await makeAuthority(NAMES, Date.parse("2045-01-01T00:00:00Z"))).cert);
    expect(new Date(validTo).toISOString()).toBe("2054-12-29T22:59:59.000Z");
  });
});

describe("a new certificate", () => {
  test("has the names, the key, and the signature of the authority", () => {
    const [one, ca] = [parsed(server.cert), parsed(authority.cert)];
    expect(namesOf(one)).toEqual(NAMES);
    expect([one.ca, one.checkIssued(ca), one.verify(ca.publicKey)]).toEqual([false, true, true]);
    expect(one.checkPrivateKey(createPrivateKey(server.key))).toBe(true);
    expect([one.checkHost("lab.test"), one.checkHost("other.test")]).toEqual(["lab.test", undefined]);
    expect([one.checkIP("::1"), one.checkIP("127.0.0.2")]).toEqual(["::1", undefined]);
  });

  test("has a random positive serial number of 16 octets", async () => {
    const serials = [server, await makeCertificate(authority, NAMES)].map(({ cert }) => parsed(cert).serialNumber);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(serials[0]).not.toBe(serials[1]);
  });

  test("is valid for 397 days, the first and the last second included", async () => {
    const { cert } = await makeCertificate(await makeAuthority(NAMES, NOW), NAMES, NOW);
    const { validFrom, validTo } = parsed(cert);
    expect(Date.parse(validTo) - Date.parse(validFrom) + 1000).toBe(397 * DAY_MS);
    expect(new Date(validFrom).toISOString()).toBe("2030-06-01T11:00:00.000Z");
  });

  test("ends with its authority", async () => {
    const { cert } = await makeCertificate(authority, NAMES, Date.now() + 3600 * DAY_MS);
    expect(parsed(cert).validTo).toBe(parsed(authority.cert).validTo);
  });

  test("needs a name, and names that are DNS names or addresses", async () => {
    await expect(makeCertificate(authority, [])).rejects.toThrow("a certificate needs a DNS name or an IP address");
    await expect(makeCertificate(authority, ["a b"])).rejects.toThrow('"a b": neither a DNS name nor an IP address');
  });
});

describe("a TLS client", () => {
  const serve = ({ cert, key }: typeof server) =>
    Bun.serve({ port: 0, hostname: "127.0.0.1", tls: { cert, key }, fetch: () => new Response("ok") });
  /** The text of the response, or the code of the error. */
  const get = (url: string, ca: string | undefined) =>
    fetch(url, { tls: ca === undefined ? {} : { ca } }).then(
      (response) => response.text(),
      (error: { readonly code?: string }) => error.code,
    );

  test("accepts the server by name and address if it trusts the authority, and not otherwise", async () => {
    await using listening = serve(server);
    const { port } = listening;
    expect(await get(`https://localhost:${port}/`, authority.cert)).toBe("ok");
    expect(await get(`https://127.0.0.1:${port}/`, authority.cert)).toBe("ok");
    expect(await get(`https://localhost:${port}/`, undefined)).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  test("rejects a public name, for which the authority was not made", async () => {
    await using listening = serve(await makeCertificate(authority, ["localhost", "example.com"]));
    expect(await get(`https://localhost:${listening.port}/`, authority.cert)).toBe("PERMITTED_VIOLATION");
  });
});

describe.skipIf(!hasOpenssl)("openssl", () => {
  test("accepts the chain by the rules of RFC 5280", () => {
    using folder = temporaryFolder();
    const [ca, cert] = [join(folder.path, "ca.pem"), join(folder.path, "cert.pem")];
    writeFileSync(ca, authority.cert);
    writeFileSync(cert, server.cert);
    const verified = openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca, cert);
    expect(verified).toEqual({ status: 0, text: `${cert}: OK\n` });
  });

  test.each([
    [
      "the authority",
      authority.cert,
      [
        "X509v3 Basic Constraints: critical CA:TRUE, pathlen:0",
        "X509v3 Key Usage: critical Certificate Sign, CRL Sign",
        "X509v3 Name Constraints: critical Permitted: DNS:localhost DNS:test DNS:local DNS:home.arpa DNS:internal DNS:lab.test",
        "X509v3 Subject Key Identifier:",
      ],
    ],
    [
      "the certificate",
      server.cert,
      [
        "X509v3 Key Usage: critical Digital Signature",
        "X509v3 Extended Key Usage: TLS Web Server Authentication",
        "X509v3 Subject Alternative Name: DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:lab.test",
        "X509v3 Subject Key Identifier:",
        "X509v3 Authority Key Identifier:",
      ],
    ],
  ])("prints the extensions of %s", (_, cert, extensions) => {
    using folder = temporaryFolder();
    const path = join(folder.path, "cert.pem");
    writeFileSync(path, cert);
    const { text } = openssl("x509", "-in", path, "-noout", "-text") ?? { text: "" };
    const printed = text.replace(/\s+/g, " ");
    for (const extension of extensions) expect(printed).toContain(extension);
    expect(printed.match(/X509v3 [A-Z]/g)).toHaveLength(extensions.length);
  });
});
