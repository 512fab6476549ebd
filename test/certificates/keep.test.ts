/** Kept certificates: reuse, renewal, damaged files, modes, and labs that start at the same time. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificate, DAY_MS } from "../../src/certificates/certificate.ts";
import { keepCertificates } from "../../src/certificates/keep.ts";
import { hasOpenssl, logOfTest, manualRepeat, NAMES, openssl, parsed, temporaryFolder } from "./support.ts";

const NOW = Date.now();
const FILES = ["ca-key.pem", "ca.pem", "certificate-key.pem", "certificate.pem"] as const;

/** Starts on a folder as a lab does; returns its certificate and the lines of its log. */
async function start(folder: string | undefined, names: readonly string[] = NAMES, now = NOW) {
  const { log, lines } = logOfTest();
  using source = await keepCertificates(folder, { names, log, now: () => now });
  return { ...source.current, lines };
}

const filesOf = (folder: string) => FILES.map((name) => readFileSync(join(folder, "tls", name), "utf8"));
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const isSignedBy = ({ cert, ca }: Certificate) => parsed(cert).verify(parsed(ca ?? "").publicKey);

/** The second start made another authority for this reason, and logged that alone. */
function expectNewAuthority(first: Certificate, second: Certificate & { lines: string[] }, reason: string): void {
  expect(second.ca).not.toBe(first.ca);
  expect(isSignedBy(second)).toBe(true);
  expect(second.lines).toEqual([`warn  TLS authority replaced: clients have to trust the new ca.pem reason=${reason}`]);
}

test("the first start makes the files, with modes for the owner alone", async () => {
  using folder = temporaryFolder();
  const first = await start(folder.path);
  expect(first.names).toEqual(NAMES);
  expect(isSignedBy(first)).toBe(true);
  expect(first.notAfter).toEqual(new Date(parsed(first.cert).validTo));
  const [, ca, key, cert] = filesOf(folder.path);
  expect([ca, key, cert]).toEqual([first.ca, first.key, first.cert]);
  expect(readdirSync(join(folder.path, "tls")).sort()).toEqual([...FILES, "lock.sqlite"].sort());
  expect(modeOf(join(folder.path, "tls"))).toBe("700");
  expect(FILES.map((name) => modeOf(join(folder.path, "tls", name)))).toEqual(["600", "644", "600", "644"]);
  expect(first.lines).toEqual([]);
});

test("a later start uses the same files", async () => {
  using folder = temporaryFolder();
  const { lines: _, ...first } = await start(folder.path);
  const before = filesOf(folder.path);
  const { lines, ...second } = await start(folder.path);
  expect(second).toEqual(first);
  expect(filesOf(folder.path)).toEqual(before);
  expect(lines).toEqual([]);
});

test("without a folder each start has a certificate of its own", async () => {
  const [one, other] = [await start(undefined), await start(undefined)];
  expect([isSignedBy(one), isSignedBy(other)]).toEqual([true, true]);
  expect(one.ca).not.toBe(other.ca);
});

describe("a new certificate of the same authority is made", () => {
  test("for further names, and not again for fewer", async () => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    const second = await start(folder.path, [...NAMES, "192.0.2.7", "other.test"]);
    expect(second.names).toEqual([...NAMES, "192.0.2.7", "other.test"]);
    expect([second.ca, isSignedBy(second)]).toEqual([first.ca, true]);
    expect(second.lines).toEqual(["info  TLS certificate replaced reason=it does not contain 192.0.2.7, other.test"]);
    expect((await start(folder.path)).cert).toBe(second.cert);
  });

  test("29 days before the end of the old one, and not 31 days before", async () => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    const end = first.notAfter.getTime();
    expect((await start(folder.path, NAMES, end - 31 * DAY_MS)).cert).toBe(first.cert);
    const second = await start(folder.path, NAMES, end - 29 * DAY_MS);
    expect([second.ca, isSignedBy(second)]).toEqual([first.ca, true]);
    // From an hour before now; the last second of each validity is included.
    expect(second.notAfter.getTime() - end).toBe((397 - 29) * DAY_MS - 3_601_000);
    expect(second.lines).toEqual(["info  TLS certificate replaced reason=the certificate expires in 29 days"]);
  });

  test.each([
    ["certificate.pem", "garbage", "the certificate is not intact"],
    ["certificate.pem", "", "the certificate is not intact"],
    ["certificate-key.pem", "-----BEGIN PRIVATE KEY-----\nMIGH", "the key is not intact"],
    ["certificate-key.pem", undefined, "the key is missing"],
    ["certificate.pem", undefined, "the certificate is missing"],
  ])("if %s contains %p", async (name, text, reason) => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    const path = join(folder.path, "tls", name);
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
    const second = await start(folder.path);
    expect([second.ca, isSignedBy(second)]).toEqual([first.ca, true]);
    expect(second.lines).toEqual([`warn  TLS certificate replaced reason=${reason}`]);
    expect((await start(folder.path)).lines).toEqual([]);
  });

  test("if the clock was set back, also before the authority is valid", async () => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    const second = await start(folder.path, NAMES, NOW - 1000 * DAY_MS);
    expect([second.ca, isSignedBy(second)]).toEqual([first.ca, true]);
    expect(second.lines).toEqual(["info  TLS certificate replaced reason=the certificate is not valid yet"]);
  });

  test("if the key is the one of another certificate", async () => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    const other = await start(undefined);
    writeFileSync(join(folder.path, "tls", "certificate-key.pem"), other.key);
    const second = await start(folder.path);
    expect([second.ca, isSignedBy(second)]).toEqual([first.ca, true]);
    expect(second.lines).toEqual(["warn  TLS certificate replaced reason=the key does not match the certificate"]);
  });
});

describe("a new authority is made", () => {
  test.each([
    ["ca.pem", "garbage", "the certificate is not intact"],
    ["ca.pem", undefined, "the certificate is missing"],
  ])("if %s contains %p", async (name, text, reason) => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    const path = join(folder.path, "tls", name);
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
    const second = await start(folder.path);
    expectNewAuthority(first, second, reason);
    expect(filesOf(folder.path)[1]).toBe(second.ca ?? "");
  });

  test("if the old one is near its end", async () => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    const end = Date.parse(parsed(first.ca ?? "").validTo);
    const second = await start(folder.path, NAMES, end - 29 * DAY_MS);
    expectNewAuthority(first, second, "the certificate expires in 29 days");
  });

  test("if its key was removed, but not before a certificate has to be signed", async () => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    rmSync(join(folder.path, "tls", "ca-key.pem"));
    const second = await start(folder.path);
    expect([second.cert, second.lines]).toEqual([first.cert, []]);
    const third = await start(folder.path, [...NAMES, "other.test"]);
    expectNewAuthority(first, third, "the key is missing");
  });
});

test("names that the authority does not permit are left out, with a warning at each start", async () => {
  using folder = temporaryFolder();
  const first = await start(folder.path);
  const warning =
    "warn  TLS certificate without names that its authority does not permit names=www.example.com fix=delete ca.pem; clients then have to trust the new one";
  for (let i = 0; i < 2; i++) {
    const later = await start(folder.path, [...NAMES, "www.example.com"]);
    expect([later.ca, later.cert, later.lines]).toEqual([first.ca, first.cert, [warning]]);
  }
  rmSync(join(folder.path, "tls", "ca.pem"));
  expect((await start(folder.path, [...NAMES, "www.example.com"])).names).toContain("www.example.com");
});

describe("files", () => {
  test("that other users can read are closed to them, with a line for each", async () => {
    using folder = temporaryFolder();
    const first = await start(folder.path);
    const key = join(folder.path, "tls", "ca-key.pem");
    chmodSync(key, 0o644);
    const second = await start(folder.path);
    expect(second.cert).toBe(first.cert);
    expect(second.lines).toEqual([`warn  ${key}: other users had access to it; its mode is now 0600`]);
    expect(modeOf(key)).toBe("600");
  });

  test("of a crash are removed by the next writer", async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "tls"));
    const left = join(folder.path, "tls", "ca-key.pem.1.tmp");
    writeFileSync(left, "");
    await start(folder.path);
    expect(existsSync(left)).toBe(false);
  });

  test("that cannot be written leave the certificate in memory, with one line", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "file"), "");
    const { lines, ...certificate } = await start(join(folder.path, "file"));
    expect(isSignedBy(certificate)).toBe(true);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toStartWith(
      `warn  TLS certificates are not kept path=${join(folder.path, "file", "tls")} reason=`,
    );
  });

  test("are not waited for if the lock is not a database", async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "tls"), { mode: 0o700 });
    writeFileSync(join(folder.path, "tls", "lock.sqlite"), "garbage".repeat(1000));
    const { lines, ...certificate } = await start(folder.path);
    expect(isSignedBy(certificate)).toBe(true);
    expect(lines).toEqual([
      `warn  TLS certificates are not kept path=${join(folder.path, "tls")} reason=file is not a database`,
    ]);
  });
});

describe("labs that start at the same time on one folder", () => {
  test("in one process have the same certificate", async () => {
    using folder = temporaryFolder();
    const all = await Promise.all(Array.from({ length: 5 }, () => start(folder.path)));
    expect(new Set(all.map(({ cert }) => cert)).size).toBe(1);
    expect(all.flatMap(({ lines }) => lines)).toEqual([]);
    expect((await start(folder.path)).cert).toBe(all[0]?.cert ?? "");
  });

  test("in several processes have the same certificate", async () => {
    using folder = temporaryFolder();
    const program = new URL("./start-program.ts", import.meta.url).pathname;
    const children = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, program, folder.path, ...NAMES], { stdout: "pipe", stderr: "inherit" }),
    );
    const outputs = await Promise.all(children.map(({ stdout }) => new Response(stdout).text()));
    const { lines, ...kept } = await start(folder.path);
    expect(outputs).toEqual(Array(4).fill(kept.cert));
    expect([isSignedBy(kept), lines]).toEqual([true, []]);
  });
});

describe("a running lab", () => {
  test("renews its certificate 30 days before the end, and tells its listeners", async () => {
    using folder = temporaryFolder();
    const { log } = logOfTest();
    const { state, repeat } = manualRepeat();
    let now = NOW;
    const source = await keepCertificates(folder.path, { names: NAMES, log, now: () => now, repeat });
    const first = source.current;
    const heard: Certificate[] = [];
    const end = source.onChange((certificate) => heard.push(certificate));
    expect(state.ms).toBe(60_000);
    now = first.notAfter.getTime() - 31 * DAY_MS;
    await state.run();
    expect(source.current).toBe(first);
    now += 2 * DAY_MS;
    await state.run();
    expect(heard).toEqual([source.current]);
    expect(source.current.cert).not.toBe(first.cert);
    expect([source.current.ca, isSignedBy(source.current)]).toEqual([first.ca, true]);
    expect(filesOf(folder.path)[3]).toBe(source.current.cert);
    end();
    now = source.current.notAfter.getTime();
    await state.run();
    expect(heard).toHaveLength(1);
    source[Symbol.dispose]();
    expect(state.stopped).toBe(true);
  });

  test.each([-5, 5, 20])("replaces its certificate when the clock steps by %i years", async (years) => {
    using folder = temporaryFolder();
    const { state, repeat } = manualRepeat();
    let now = NOW;
    using source = await keepCertificates(folder.path, { names: NAMES, log: logOfTest().log, now: () => now, repeat });
    const first = source.current;
    now += years * 365 * DAY_MS;
    await state.run();
    const { validFrom, validTo } = parsed(source.current.cert);
    expect(Date.parse(validFrom)).toBeLessThan(now);
    expect(Date.parse(validTo) - now).toBeGreaterThan(30 * DAY_MS);
    // The authority is valid for 10 years, and signs also before its first day.
    expect(source.current.ca === first.ca).toBe(years < 10);
    const replaced = source.current;
    await state.run();
    expect(source.current).toBe(replaced);
  });

  test("without a folder keeps its authority", async () => {
    const { state, repeat } = manualRepeat();
    let now = NOW;
    using source = await keepCertificates(undefined, { names: NAMES, log: logOfTest().log, now: () => now, repeat });
    const first = source.current;
    now = first.notAfter.getTime();
    await state.run();
    expect([source.current.ca, isSignedBy(source.current)]).toEqual([first.ca, true]);
    expect(source.current.cert).not.toBe(first.cert);
  });
});

test.skipIf(!hasOpenssl)("an authority that another program has made signs too, without name constraints", async () => {
  using folder = temporaryFolder();
  const tls = join(folder.path, "tls");
  mkdirSync(tls, { mode: 0o700 });
  const [ca, key] = [join(tls, "ca.pem"), join(tls, "ca-key.pem")];
  const made = openssl(
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 100 -subj /O=Example/CN=Authority".split(
      " ",
    ),
    ..."-addext keyUsage=critical,keyCertSign".split(" "),
    ...["-keyout", key, "-out", ca],
  );
  expect(made?.status).toBe(0);
  const authority = readFileSync(ca, "utf8");
  const { lines, ...certificate } = await start(folder.path, ["localhost", "www.example.com"], Date.now());
  expect([certificate.ca, certificate.names]).toEqual([authority, ["localhost", "www.example.com"]]);
  expect(certificate.notAfter).toEqual(new Date(parsed(authority).validTo));
  expect(lines).toEqual([]);
  const cert = join(tls, "certificate.pem");
  expect(openssl("verify", "-x509_strict", "-CAfile", ca, cert)).toEqual({ status: 0, text: `${cert}: OK\n` });
});
