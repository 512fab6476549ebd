/** A certificate that is replaced while servers of each version run. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { type Certificate, type CertificatePair, describeCertificate } from "../../../src/certificates/certificate.ts";
import type { CertificateSource } from "../../../src/certificates/source.ts";
import { ReplacedServers } from "../../../src/servers/secure/replaced-servers.ts";
import { tlsOptions } from "../../../src/servers/secure/tls-options.ts";
import { selfSigned } from "../../support/certificate.ts";
import { silentErrors } from "../../support/errors.ts";
import { until } from "../../support/until.ts";
import { ask, type SecureVersion } from "../../support/versions.ts";

setDefaultTimeout(20_000);

let pairs: readonly Certificate[];
beforeAll(() => {
  pairs = [0, 1].map(() => describeCertificate(selfSigned(), undefined));
});
afterAll(() => {
  pairs = [];
});

/** A source whose certificate a test replaces. */
function sourceOf(first: Certificate | undefined) {
  if (!first) throw new Error("no certificate");
  let current = first;
  const listeners = new Set<(certificate: Certificate) => void>();
  const source: CertificateSource = {
    get current() {
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]() {},
  };
  const replace = (next: Certificate | undefined) => {
    current = next ?? current;
    for (const listener of listeners) listener(current);
  };
  return { source, replace, listeners };
}

/** The fingerprint of the certificate that a new connection of TCP gets. */
function presented(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2", "http/1.1"] };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

/** Servers whose requests to /held wait for `release`. */
function openServers(protocol: SecureVersion, source: CertificateSource, errors = silentErrors()) {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const version = { http1: protocol === "https", http2: protocol === "http2", http3: protocol === "http3" };
  let waiting = 0;
  const opened: Bun.Server<undefined>[] = [];
  const open = (port: number, pair: CertificatePair | undefined): Bun.Server<undefined> => {
    const server: Bun.Server<undefined> = Bun.serve({
      hostname: "127.0.0.1",
      port,
      ...version,
      ...(pair && { tls: tlsOptions(pair) }),
      async fetch(request): Promise<Response> {
        if (!request.url.endsWith("/held")) return new Response("new");
        waiting++;
        await held;
        return new Response(`${servers.current.requestIP(request)?.address}`);
      },
    });
    opened.push(server);
    return server;
  };
  const servers: ReplacedServers<Bun.Server<undefined>> = new ReplacedServers(open, 0, source, errors);
  return { servers, release, waiting: () => waiting, opened };
}

test.each(["https", "http2", "http3"] as const)(
  "%s: a new connection gets the new certificate, and requests in progress are completed",
  async (protocol) => {
    const { source, replace, listeners } = sourceOf(pairs[0]);
    const errors = silentErrors();
    const { servers, release, waiting, opened } = openServers(protocol, source, errors);
    const lab = { ports: { http: 0, tcp: 0, udp: 0, [protocol]: servers.port } };
    const inProgress = [0, 1, 2].map(() => ask(lab, protocol, "/held", { method: "POST" }));
    await until(() => waiting() === 3, "three requests in progress");
    const before = servers.current;
    replace(pairs[1]);
    release();
    // The port of QUIC is free when the requests in progress are complete.
    await until(() => servers.current !== before, "the new server");
    if (protocol !== "http3") {
      const expected = new X509Certificate(pairs[1]?.cert ?? "").fingerprint256;
      expect(await presented(servers.port)).toBe(expected);
    }
    expect(await Promise.all(inProgress.map(async (answer) => (await answer).text()))).toEqual(
      Array(3).fill("127.0.0.1"), // of a connection of the earlier server
    );
    expect(await (await ask(lab, protocol, "/", { method: "POST", keepalive: false })).text()).toBe("new");
    expect([opened.length, errors.count, opened[1]?.port]).toEqual([2, 0, servers.port]);
    await servers.close();
    expect(listeners.size).toBe(0);
  },
);

test("a port of QUIC that stays in use is freed after a second, with the requests on it", async () => {
  const { source, replace } = sourceOf(pairs[0]);
  const { servers, waiting } = openServers("http3", source);
  const lab = { ports: { http: 0, tcp: 0, udp: 0, http3: servers.port } };
  const held = ask(lab, "http3", "/held", { method: "POST" }).then(
    () => "answered",
    () => "lost",
  );
  await until(() => waiting() === 1, "a request in progress");
  const before = servers.current;
  replace(pairs[1]);
  replace(pairs[0]); // the next attempt uses the latest one
  await until(() => servers.current !== before, "the new server");
  expect(await held).toBe("lost");
  expect(await (await ask(lab, "http3", "/", { method: "POST" })).text()).toBe("new");
  await servers.close();
});
