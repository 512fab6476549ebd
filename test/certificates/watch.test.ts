/** The certificate of the user while the lab runs: it is reloaded after a change, and a bad one changes nothing. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificate, CertificatePair } from "../../src/certificates/certificate.ts";
import { makeAuthority, makeCertificate } from "../../src/certificates/make.ts";
import { watchCertificate } from "../../src/certificates/watch.ts";
import { logOfTest, manualRepeat, NAMES, temporaryFolder } from "./support.ts";

const authority = await makeAuthority(NAMES);
const [first, second] = [await makeCertificate(authority, NAMES), await makeCertificate(authority, NAMES)];
const UNUSED = "warn  TLS certificate not reloaded: the current one stays in use reason=";

function write(folder: string, { cert, key }: CertificatePair): void {
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "key.pem"), key);
}

/** Watches the two files in a folder; `poll` is a check of them. */
function watch(folder: string) {
  const { log, lines } = logOfTest();
  const { state, repeat } = manualRepeat();
  const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  const source = watchCertificate({ ...files, log, repeat });
  const heard: Certificate[] = [];
  source.onChange((certificate) => heard.push(certificate));
  return { source, heard, lines, state, poll: () => state.run(), ...files };
}

test("the files are read every 5 s until the end", () => {
  using folder = temporaryFolder();
  write(folder.path, first);
  const { source, state } = watch(folder.path);
  expect([source.current.cert, state.ms, state.stopped]).toEqual([first.cert, 5000, false]);
  source[Symbol.dispose]();
  expect(state.stopped).toBe(true);
});

test("a bad pair at the start is an error", () => {
  using folder = temporaryFolder();
  write(folder.path, { cert: first.cert, key: second.key });
  expect(() => watch(folder.path)).toThrow("key.pem: does not match");
});

describe("a new pair is used", () => {
  test("after the files were written in place", async () => {
    using folder = temporaryFolder();
    write(folder.path, first);
    const { source, heard, lines, poll } = watch(folder.path);
    await poll();
    expect(heard).toEqual([]);
    write(folder.path, second);
    await poll();
    await poll();
    expect(heard.map(({ cert, key }) => ({ cert, key }))).toEqual([second]);
    expect(source.current).toBe(heard[0] as Certificate); // it has one element, as the line above asserts
    expect(lines).toEqual([`info  TLS certificate reloaded notAfter=${source.current.notAfter.toISOString()}`]);
  });

  test("after a symbolic link to their folder was replaced", async () => {
    using folder = temporaryFolder();
    const path = (name: string) => join(folder.path, name);
    for (const [name, pair] of [
      ["one", first],
      ["two", second],
    ] as const) {
      mkdirSync(path(name));
      write(path(name), pair);
    }
    symlinkSync("one", path("current"));
    const { source, poll } = watch(path("current"));
    symlinkSync("two", path("next"));
    renameSync(path("next"), path("current"));
    await poll();
    expect(source.current.cert).toBe(second.cert);
  });

  test("without a line if only one of the files was new for a moment", async () => {
    using folder = temporaryFolder();
    write(folder.path, first);
    const { source, lines, poll, certFile, keyFile } = watch(folder.path);
    writeFileSync(certFile, second.cert);
    await poll();
    expect([source.current.cert, lines]).toEqual([first.cert, []]);
    writeFileSync(keyFile, second.key);
    await poll();
    expect([source.current.cert, lines.length]).toEqual([second.cert, 1]);
  });
});

describe("a bad new pair leaves the old one in use", () => {
  test("with one line for each content", async () => {
    using folder = temporaryFolder();
    write(folder.path, first);
    const { source, heard, lines, poll, keyFile, certFile } = watch(folder.path);
    writeFileSync(keyFile, second.key);
    for (let i = 0; i < 5; i++) await poll();
    writeFileSync(keyFile, "garbage");
    for (let i = 0; i < 5; i++) await poll();
    rmSync(keyFile);
    for (let i = 0; i < 5; i++) await poll();
    const allowed = "allowed: a PEM file with the unencrypted private key of the certificate";
    expect(lines).toEqual([
      `${UNUSED}${keyFile}: does not match ${certFile}; ${allowed}`,
      `${UNUSED}${keyFile}: contains no private key in PEM; ${allowed}`,
      `${UNUSED}${keyFile}: no such file; ${allowed}`,
    ]);
    expect([source.current.cert, heard]).toEqual([first.cert, []]);
  });

  test("until the files are good again", async () => {
    using folder = temporaryFolder();
    write(folder.path, first);
    const { source, lines, poll } = watch(folder.path);
    write(folder.path, { cert: "", key: "" });
    for (let i = 0; i < 3; i++) await poll();
    write(folder.path, second);
    await poll();
    expect([source.current.cert, lines.length]).toEqual([second.cert, 2]);
  });
});
