/** The listeners with a handshake, asked by programs of others: h2load, curl and openssl. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { type Lab, startLab } from "../../src/lab.ts";
import { temporaryFolder } from "../certificates/support.ts";
import { trafficOf } from "../support/clients.ts";
import { ALL_FREE_PORTS, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

/** Whether a program is installed; if not, prints what is skipped. */
function has(program: string, what: string): boolean {
  const found = Bun.which(program) !== null;
  if (!found) console.warn(`SKIPPED: ${program} is not installed: ${what}`);
  return found;
}

const hasH2load = has("h2load", "the counts of HTTP/2 and HTTPS are not compared with its own");
const hasOpenssl = has("openssl", "versions and ciphers of TLS are not tested");
const hasCurl = has("curl", "HTTP/2 and HTTP/3 are not tested with it");

const features = hasCurl ? Bun.spawnSync(["curl", "--version"]).stdout.toString() : "";
const curlVersions = [
  ["https", "--http1.1", "1.1"],
  ["http2", "--http2", "2"],
  ["http3", "--http3-only", "3"],
] as const;
const speaks = (protocol: string) => protocol !== "http3" || /\bHTTP3\b/.test(features);
if (hasCurl && !speaks("http3")) console.warn("SKIPPED: this curl has no HTTP/3");

/** Runs a command with empty input; returns its exit status, and its output with its errors. */
async function outcome(...command: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { status: await child.exited, text: out + errors };
}

const SECURE_PORTS = ["https", "http2", "tls"] as const;
type SecurePort = (typeof SECURE_PORTS)[number];

const folder = temporaryFolder();
const ca = join(folder.path, "ca.pem");
let lab: Lab;

beforeAll(async () => {
  lab = await startLab(ALL_FREE_PORTS);
  await Bun.write(ca, await fetch(urlOf(lab, "/ca.pem")));
});
afterAll(async () => {
  await lab.stop();
  folder[Symbol.dispose]();
});

describe.if(hasH2load)("h2load", () => {
  test.each([
    ["http2", ["-c4", "-m32"], "h2"],
    ["https", ["-c8", "--h1"], "http/1.1"],
  ] as const)("its requests over %s are the packets of the lab, and none is lost", async (protocol, flags, alpn) => {
    const before = await trafficOf(lab, protocol);
    const url = `https://127.0.0.1:${lab.ports[protocol]}/status/200`;
    const { text } = await outcome("h2load", "-n2000", ...flags, url);
    expect(text).toContain(`Application protocol: ${alpn}`);
    expect(text).toContain(
      "requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout",
    );
    expect(text).toContain("status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx");
    await until(async () => (await trafficOf(lab, protocol)).answered - before.answered === 2000, "2,000 answers");
    expect((await trafficOf(lab, protocol)).packets - before.packets).toBe(2000);
  });

  test("the failed requests that it counts are the drops of the lab", async () => {
    await fetch(urlOf(lab, "/impairments"), { method: "PUT", body: "http2:drop=0.2" });
    const before = await trafficOf(lab, "http2");
    const url = `https://127.0.0.1:${lab.ports.http2}/status/200`;
    const { text } = await outcome("h2load", "-n1000", "-c2", "-m16", url);
    await fetch(urlOf(lab, "/impairments"), { method: "PUT", body: "none" });
    const [, good, failed] = /status codes: (\d+) 2xx, 0 3xx, 0 4xx, (\d+) 5xx/.exec(text) ?? [];
    const after = await trafficOf(lab, "http2");
    expect([after.packets - before.packets, after.answered - before.answered]).toEqual([1000, Number(good)]);
    expect(Number(good) + Number(failed)).toBe(1000);
    expect(Number(failed)).toBeWithin(120, 280);
  });
});

describe.if(hasCurl)("curl, which trusts /ca.pem", () => {
  test.each(curlVersions.filter(([protocol]) => speaks(protocol)))("over %s (%s)", async (protocol, flag, version) => {
    const before = await trafficOf(lab, protocol);
    const curl = ["curl", "-q", "-sS", "--cacert", ca, flag, "-w", " %{http_version} %{ssl_verify_result}"];
    const { text } = await outcome(...curl, "-d", '{"n":7}', `https://127.0.0.1:${lab.ports[protocol]}/`);
    expect(text).toBe(`{"status":"received"} ${version} 0`);
    expect((await trafficOf(lab, protocol)).packets - before.packets).toBe(1);
  });

  test("refuses the certificate without it", async () => {
    const { status } = await outcome("curl", "-q", "-sS", `https://127.0.0.1:${lab.ports.https}/`);
    expect(status).toBe(60); // the certificate cannot be verified
  });
});

/** Connects with openssl; ALPN is that of a browser, without which HTTP/2 alone has no version in common. */
function connect(protocol: SecurePort, ...flags: readonly string[]) {
  const address = ["-connect", `127.0.0.1:${lab.ports[protocol]}`];
  const alpn = protocol === "http2" ? ["-alpn", "h2,http/1.1"] : [];
  return outcome("openssl", "s_client", ...address, ...alpn, ...flags);
}

describe.if(hasOpenssl).each(SECURE_PORTS)("openssl s_client on %s", (protocol) => {
  test("verifies the chain and the address with /ca.pem, and fails without it", async () => {
    const verified = await connect(protocol, "-CAfile", ca, "-verify_return_error", "-verify_ip", "127.0.0.1");
    expect([verified.status, verified.text]).toEqual([0, expect.stringContaining("Verify return code: 0 (ok)")]);
    const unknown = await connect(protocol, "-no-CAfile", "-no-CApath", "-no-CAstore", "-verify_return_error");
    expect([unknown.status, unknown.text]).toEqual([1, expect.stringContaining("certificate verify failed")]);
    const other = await connect(protocol, "-CAfile", ca, "-verify_return_error", "-verify_ip", "192.0.2.1");
    expect([other.status, other.text]).toEqual([1, expect.stringContaining("IP address mismatch")]);
  });

  test.each([
    ["-tls1_3", "TLSv1.3"],
    ["-tls1_2", "TLSv1.2"],
  ])("accepts %s", async (flag, version) => {
    const { status, text } = await connect(protocol, flag);
    expect(status).toBe(0);
    expect(text).toMatch(new RegExp(`New, ${version}, Cipher is \\S`));
  });

  test.each(["-tls1_1", "-tls1"])("refuses %s with the alert of the version", async (flag) => {
    const { status, text } = await connect(protocol, flag, "-cipher", "ALL:@SECLEVEL=0");
    expect([status, text]).toEqual([1, expect.stringContaining("alert protocol version")]);
  });

  test("has TLS 1.2 ciphers with authenticated encryption and a forgotten key only", async () => {
    // Each connection offers every cipher but those that the lab has chosen before.
    const offered = ["ALL", "COMPLEMENTOFALL", "@SECLEVEL=0"];
    const accepted: string[] = [];
    for (;;) {
      const { status, text } = await connect(protocol, "-tls1_2", "-cipher", offered.join(":"));
      const [, name] = /New, TLSv1.2, Cipher is (\S+)/.exec(text) ?? [];
      if (status !== 0 || name === undefined) break;
      accepted.push(name);
      offered.push(`!${name}`);
    }
    expect(accepted.toSorted()).toEqual([
      "ECDHE-ECDSA-AES128-GCM-SHA256",
      "ECDHE-ECDSA-AES256-GCM-SHA384",
      "ECDHE-ECDSA-CHACHA20-POLY1305",
    ]);
  });
});
