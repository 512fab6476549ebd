/** Connections to the ports with TLS that do not speak it, or not as the port requires; TLS to a port without it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ConnectionOptions, connect } from "node:tls";
import type { Lab } from "../../src/lab.ts";
import { trafficOf } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { ALL_FREE_PORTS, startTestLab } from "../support/lab.ts";
import { rejected } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { ask, SECURE_VERSIONS } from "../support/versions.ts";

setDefaultTimeout(20_000);

const LIMITS = { httpRequestMs: 500, httpBodyMs: 300, httpConnections: 60 };
const TCP_VERSIONS = ["https", "http2"] as const;
/** What a client offers, and what the runtime selects: HTTP/1.1 needs no selection (RFC 7301 section 3.2). */
const ALPN = { https: "http/1.1", http2: "h2" } as const;
const SELECTED = { https: "none", http2: "h2" } as const;

let lab: Lab;
beforeAll(async () => {
  lab = await startTestLab({ ...ALL_FREE_PORTS, tlsPort: "off", limits: LIMITS });
});
afterAll(() => lab.stop());

async function expectService(): Promise<void> {
  for (const protocol of ["http", ...SECURE_VERSIONS] as const) {
    expect((await ask(lab, protocol, "/healthz")).status).toBe(200);
  }
}

/** The protocol and cipher of a handshake, or the code of its failure. */
function handshake(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const all = { port, host: "127.0.0.1", rejectUnauthorized: false, ...options };
    const socket = connect(all, () => {
      resolve(`${socket.getProtocol()} ${socket.alpnProtocol || "none"}`);
      socket.destroy();
    });
    socket.on("error", ({ code }: Error & { code?: string }) => resolve(code ?? "failed"));
    socket.on("close", () => resolve("closed"));
  });
}

/** A ClientHello whose highest version is `version`, with one cipher suite. */
function clientHello(version: number): Buffer {
  const hello = Buffer.concat([
    Buffer.from([version >> 8, version & 255]),
    Buffer.alloc(32, 7), // random
    Buffer.from([0, 0, 2, 0xc0, 0x09, 1, 0]), // no session, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, no compression
  ]);
  const message = Buffer.concat([Buffer.from([1, 0, 0, hello.length]), hello]);
  return Buffer.concat([Buffer.from([22, 3, 1, 0, message.length]), message]);
}

describe.each(TCP_VERSIONS)("%s", (protocol) => {
  const port = () => lab.ports[protocol] ?? 0;

  test("closes a connection with plain HTTP, which is no packet", async () => {
    using connection = await openHttp(port());
    connection.write("GET /status/200 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => connection.ended, "the end of the connection");
    expect(connection.text).not.toContain("HTTP/");
    expect((await trafficOf(lab, protocol)).packets).toBe(0);
    await expectService();
  });

  test.each([
    ["1.0", 0x0301],
    ["1.1", 0x0302],
  ])("refuses TLS %s with the alert protocol_version", async (_, version) => {
    using connection = await openHttp(port());
    connection.write(clientHello(version));
    await until(() => connection.ended, "the end of the connection");
    const [type, , , , , level, alert] = Buffer.from(connection.text, "latin1");
    expect([type, level, alert]).toEqual([21, 2, 70]);
  });

  test("refuses TLS 1.2 with a cipher that is not authenticated encryption, and accepts 1.2 and 1.3 with one that is", async () => {
    const alpn = { ALPNProtocols: [ALPN[protocol]] };
    const old = { ...alpn, maxVersion: "TLSv1.2" } as const;
    expect(await handshake(port(), { ...old, ciphers: "ECDHE-ECDSA-AES128-SHA" })).not.toContain("TLSv1");
    expect(await handshake(port(), { ...old, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" })).toBe(
      `TLSv1.2 ${SELECTED[protocol]}`,
    );
    expect(await handshake(port(), alpn)).toBe(`TLSv1.3 ${SELECTED[protocol]}`);
  });

  test("accepts a name that is not in its certificate, which the client has to judge", async () => {
    const options = { servername: "other.example", ALPNProtocols: [ALPN[protocol]] };
    expect(await handshake(port(), options)).toBe(`TLSv1.3 ${SELECTED[protocol]}`);
    expect(await handshake(port(), { ...options, rejectUnauthorized: true })).not.toContain("TLSv1");
  });

  test("closes a connection whose handshake arrives an octet at a time, and counts it as too-slow", async () => {
    const before = await rejected(lab, protocol, "too-slow");
    using connection = await openHttp(port());
    const hello = clientHello(0x0303);
    let sent = 0;
    const timer = setInterval(() => connection.write(hello.subarray(sent, ++sent)), 100);
    await until(() => connection.ended, "the end of the connection", 6000).finally(() => clearInterval(timer));
    expect(await rejected(lab, protocol, "too-slow")).toBe(before + 1);
    await expectService();
  });

  test("above the limit of connections closes those without an answer, and counts them", async () => {
    const open = await Promise.all(Array.from({ length: 70 }, () => openHttp(port())));
    for (const connection of open) connection.write(clientHello(0x0303).subarray(0, 5));
    await until(() => open.filter(({ ended }) => ended).length >= 10, "the end of the surplus", 6000);
    expect(await rejected(lab, protocol, "connection-limit")).toBeGreaterThanOrEqual(10);
    await expectService();
    for (const connection of open) connection.close();
  });
});

test("a client that offers HTTP/1.1 only gets no connection of HTTP/2", async () => {
  const port = lab.ports.http2 ?? 0;
  expect(await handshake(port, { ALPNProtocols: ["http/1.1"] })).not.toContain("TLSv1");
  expect(await handshake(lab.ports.https ?? 0, { ALPNProtocols: ["h2"] })).not.toContain("h2");
  await expectService();
});

test("TLS to the port of HTTP ends without a handshake, and is no packet", async () => {
  const before = (await trafficOf(lab, "http")).packets;
  expect(await handshake(lab.ports.http, {})).not.toContain("TLSv1");
  await expectService();
  expect((await trafficOf(lab, "http")).packets).toBe(before);
});
