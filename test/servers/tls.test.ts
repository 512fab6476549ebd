/** The TLS listener: what is different from TCP. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lab, LabOptions } from "../../src/lab.ts";
import { ReplaceablePort } from "../../src/servers/secure/replaceable-port.ts";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { selfSigned } from "../support/certificate.ts";
import { testFrame, trafficOf } from "../support/clients.ts";
import { startTestLab, TLS_ON } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { openTcp, openTls } from "../support/tcp.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(20_000);

const PEER = new URL("../support/tls_peer.py", import.meta.url).pathname;
const isPython = Bun.which("python3") !== null;
if (!isPython) console.warn("SKIPPED: python3, whose OpenSSL is a TLS client that ends its connections in every way");
const isOpenssl = Bun.which("openssl") !== null;
if (!isOpenssl) console.warn("SKIPPED: openssl s_client as a client");

const VERSIONS = ["TLSv1_2", "TLSv1_3"];

const startTlsLab = (options: LabOptions = {}) => startTestLab({ ...TLS_ON, ...options });
const portOf = (lab: Lab) => lab.ports.tls ?? 0;

/** Connects with a TLS client of OpenSSL, with each version and end; returns what each received, and how it ended. */
async function peers(lab: Lab, ...ends: string[]): Promise<readonly string[]> {
  const cases = VERSIONS.flatMap((version) => ends.map((end) => `${version}:${end}`));
  const child = Bun.spawn(["python3", PEER, `${portOf(lab)}`, ...cases], { stdout: "pipe" });
  return (await new Response(child.stdout).text()).trimEnd().split("\n");
}

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "wirelab-tls-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** The handshakes of TLS with this result. */
async function handshakes(lab: Lab, result: string): Promise<number> {
  return (await scrape(lab)).get("wirelab_tls_handshakes_total", { protocol: "tls", result });
}

/** Runs `openssl s_client`, passes `text` to it, waits until it has printed `expected`, and returns its messages. */
async function sClient(lab: Lab, text: string, expected: string, ...options: string[]): Promise<string> {
  const command = ["openssl", "s_client", ...options, "-connect", `127.0.0.1:${portOf(lab)}`];
  const child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  child.stdin.write(text);
  child.stdin.flush();
  let printed = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    printed += decoder.decode(chunk, { stream: true });
    if (printed.includes(expected)) child.stdin.end();
  }
  return printed + (await new Response(child.stderr).text());
}

describe("a connection", () => {
  test("gets ACK-TLS for a chunk, counted with its handshake", async () => {
    await using lab = await startTlsLab();
    using client = await openTls(portOf(lab));
    client.write("Hello TLS 7");
    await until(() => client.read.length === 7, "the answer");
    expect(client.read.toString()).toBe("ACK-TLS");
    const series = await scrape(lab);
    expect(series.get("wirelab_tls_handshakes_total", { protocol: "tls", result: "ok" })).toBe(1);
    expect(series.get("wirelab_tls_handshake_seconds_count", { protocol: "tls" })).toBe(1);
    expect(series.get("wirelab_tls_handshake_seconds_sum", { protocol: "tls" })).toBeWithin(1e-5, 5);
    expect(series.get("wirelab_connections_total", { protocol: "tls" })).toBe(1);
    expect(series.get("wirelab_open_connections", { protocol: "tls" })).toBe(1);
    expect(series.get("packets_total", { protocol: "tcp" })).toBe(0);
  });

  test("has a session whose source is known: it is listed with the port of TLS", async () => {
    await using lab = await startTlsLab();
    using client = await openTls(portOf(lab));
    client.write(STAMP_PREFACE, testFrame(1, 9), testFrame(2, 9));
    await until(() => client.read.length === 2 * 46, "both answers");
    const response = await fetch(`http://127.0.0.1:${lab.ports.http}/sessions/9`);
    const { sessions } = (await response.json()) as {
      sessions: { protocol: string; local: { port: number }; answered: number }[];
    };
    expect(sessions.map(({ protocol, local, answered }) => [protocol, local.port, answered])).toEqual([
      ["tls", portOf(lab), 2],
    ]);
  });

  test.if(isOpenssl)("of openssl s_client gets ACK-TLS", async () => {
    await using lab = await startTlsLab();
    expect(await sClient(lab, "Hello TLS 7", "ACK-TLS", "-quiet", "-no_ign_eof")).toStartWith("ACK-TLS");
    const { packets, answered, receivedBytes } = await trafficOf(lab, "tls");
    expect([packets, answered, receivedBytes]).toEqual([1, 1, 11]);
  });
});

describe.if(isPython)("the end of a connection", () => {
  test("a client that ends its side gets its delayed answer and the lab's close_notify", async () => {
    await using lab = await startTlsLab({ impair: { tls: { delay: { kind: "fixed", ms: 50 } } } });
    expect(await peers(lab, "notify", "both", "fin")).toEqual(Array(6).fill("ACK-TLS close_notify FIN"));
    expect((await trafficOf(lab, "tls")).answered).toBe(6);
  });

  test("a drop is an orderly end without an answer, a reset an RST", async () => {
    await using dropping = await startTlsLab({ impair: { tls: { drop: { up: 1, down: 0 } } } });
    expect(await peers(dropping, "none")).toEqual(Array(2).fill(" close_notify"));
    await using resetting = await startTlsLab({ impair: { tls: { reset: 1 } } });
    expect(await peers(resetting, "none")).toEqual(Array(2).fill(" RST"));
    expect((await trafficOf(resetting, "tls")).drops("fault-reset")).toBe(2);
  });

  test("a record that cannot be decrypted ends the connection and is counted", async () => {
    await using lab = await startTlsLab();
    expect(await peers(lab, "garbage")).toEqual(Array(2).fill("ACK-TLS SSLV3_ALERT_BAD_RECORD_MAC"));
    await until(async () => (await trafficOf(lab, "tls")).rejected("bad-record") === 2, "the counter");
    const { rejected } = await trafficOf(lab, "tls");
    expect([rejected("failed"), rejected("handshake-failed"), rejected("cut-frame")]).toEqual([0, 0, 0]);
    await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "tls" }) === 0, "closed");
  });
});

describe("a handshake", () => {
  test("that fails is counted, and gets no answer to a packet: plain text, and a client that closes", async () => {
    await using lab = await startTlsLab();
    using plain = await openTcp(portOf(lab));
    plain.write("Hello TCP 7");
    await until(() => plain.ended, "the end of the plain connection");
    expect(plain.read.toString("hex")).toBe("15030100020246"); // the alert protocol_version
    using gone = await openTcp(portOf(lab));
    gone.finish();
    await until(async () => (await handshakes(lab, "failed")) === 2, "two failed handshakes");
    const { packets, rejected } = await trafficOf(lab, "tls");
    expect([packets, rejected("handshake-failed"), rejected("failed")]).toEqual([0, 2, 0]);
    expect(await handshakes(lab, "ok")).toBe(0);
  });

  test("that does not end within the limit is closed and counted; one that ended is not", async () => {
    await using lab = await startTlsLab({ limits: { handshakeMs: 400 } });
    using complete = await openTls(portOf(lab));
    using silent = await openTcp(portOf(lab));
    using slow = await openTcp(portOf(lab));
    slow.write(Buffer.of(0x16, 3, 1, 2, 0, 1)); // the first octets of a ClientHello
    await until(() => silent.ended && slow.ended, "the end of both");
    const { rejected } = await trafficOf(lab, "tls");
    expect([rejected("handshake-timeout"), rejected("handshake-failed"), rejected("idle")]).toEqual([2, 0, 0]);
    expect([await handshakes(lab, "timeout"), await handshakes(lab, "failed")]).toEqual([2, 0]);
    complete.write("Hello");
    await until(() => complete.read.length === 7, "an answer");
  });

  test("counts as a connection before it ends, within the limit of the connections", async () => {
    await using lab = await startTlsLab({ limits: { tlsConnections: 2 } });
    using first = await openTcp(portOf(lab));
    using second = await openTcp(portOf(lab));
    using third = await openTcp(portOf(lab));
    await until(() => third.ended, "the end of the third connection");
    const series = await scrape(lab);
    expect(series.get("wirelab_rejected_total", { protocol: "tls", reason: "connection-limit" })).toBe(1);
    expect(series.get("wirelab_bounded_overflows_total", { structure: "tls-connections" })).toBe(1);
    expect(series.get("wirelab_bounded_size", { structure: "tls-connections" })).toBe(2);
    expect(series.get("wirelab_tls_handshakes_total", { protocol: "tls", result: "refused" })).toBe(1);
    expect([first.ended, second.ended]).toEqual([false, false]);
  });

  test.if(isOpenssl).each([
    ["TLS 1.0", ["-tls1", "-cipher", "ALL:@SECLEVEL=0"]],
    ["TLS 1.1", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]],
    ["a cipher without authenticated encryption", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"]],
    ["a cipher without forward secrecy", ["-tls1_2", "-cipher", "AES128-GCM-SHA256"]],
  ])("with %s is refused", async (_, options) => {
    await using lab = await startTlsLab();
    expect(await sClient(lab, "", "never", ...options)).toContain("alert");
    expect(await handshakes(lab, "failed")).toBe(1);
  });

  test.if(isOpenssl).each([
    ["TLS 1.2", "-tls1_2"],
    ["TLS 1.3", "-tls1_3"],
  ])("with %s is accepted, and its ticket resumes the session", async (_, option) => {
    await using lab = await startTlsLab();
    using folder = temporaryFolder();
    const file = join(folder.path, "session");
    const first = await sClient(lab, "Hello", "ACK-TLS", option, "-sess_out", file);
    expect(first).toContain("New, ");
    expect(await sClient(lab, "Hello", "ACK-TLS", option, "-sess_in", file)).toContain("Reused, ");
    expect(await handshakes(lab, "ok")).toBe(2);
  });
});

describe("the certificate of an open port", () => {
  const fingerprintOf = ({ cert }: { readonly cert: string }) => new X509Certificate(cert).fingerprint256;
  const echo = { data: (socket: Bun.Socket, chunk: Buffer) => void socket.write(chunk) };

  /** Opens a connection, and returns the fingerprint of the certificate with a function that exchanges a text. */
  async function connect(port: number) {
    const open = Promise.withResolvers<void>();
    let answer = "";
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      tls: { rejectUnauthorized: false },
      socket: {
        open: () => open.resolve(),
        data(_, chunk) {
          answer += chunk;
        },
        close: () => open.reject(new Error("closed")),
      },
    });
    await open.promise;
    return {
      fingerprint: socket.getPeerCertificate().fingerprint256 as string,
      get answer() {
        return answer;
      },
      write: (text: string) => void socket.write(text),
      async exchange(text: string) {
        answer = "";
        socket.write(text);
        await until(() => answer === text, `the echo of ${text}`);
      },
      [Symbol.dispose]: () => socket.terminate(),
    };
  }

  test.if(process.platform === "linux")(
    "is replaced without a refused connection, and open connections stay open",
    async () => {
      const [one, two] = [selfSigned(), selfSigned()] as const;
      const first = Bun.listen({ hostname: "127.0.0.1", port: 0, tls: one, socket: echo });
      const port = new ReplaceablePort<Bun.SocketListener>(first);
      const replaceWith = (pair: object) =>
        port.replace((fd) => Bun.listen({ fd, tls: pair, socket: echo } as unknown as Bun.TCPSocketListenOptions));
      using former = await connect(first.port);
      expect(former.fingerprint).toBe(fingerprintOf(one));
      for (let n = 1; n <= 10; n++) {
        const pair = n % 2 === 1 ? two : one;
        const waiting = Array.from({ length: 5 }, () => connect(first.port)); // accepted by either listener
        replaceWith(pair);
        for (const connection of await Promise.all(waiting)) {
          using open = connection;
          await open.exchange("during");
        }
        using next = await connect(first.port);
        expect(next.fingerprint).toBe(fingerprintOf(pair));
        await next.exchange("after");
      }
      await former.exchange("still open");
      expect(() => replaceWith({ cert: "no certificate", key: "no key" })).toThrow();
      using last = await connect(first.port);
      expect(last.fingerprint).toBe(fingerprintOf(one));
      port.stop(true);
    },
  );

  test.if(process.platform === "linux")("is the one of the files, also after these have changed", async () => {
    using folder = temporaryFolder();
    const [tlsCert, tlsKey] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
    const write = ({ cert, key }: { readonly cert: string; readonly key: string }) => {
      writeFileSync(tlsCert, cert);
      writeFileSync(tlsKey, key);
    };
    const [one, two] = [selfSigned(), selfSigned()] as const;
    write(one);
    await using lab = await startTlsLab({ tlsCert, tlsKey });
    using former = await connect(portOf(lab));
    expect(former.fingerprint).toBe(fingerprintOf(one));
    write(two);
    const isReplaced = async () => {
      using connection = await connect(portOf(lab));
      return connection.fingerprint === fingerprintOf(two);
    };
    await until(isReplaced, "the new certificate", 15_000);
    former.write("Hello");
    await until(() => former.answer === "ACK-TLS", "the answer on the former connection");
  });
});
