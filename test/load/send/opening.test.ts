/** TLS handshakes of load runs: what is accepted, and one line for each that fails. */
import { afterAll, expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import type { LoadOptions } from "../../../src/load/plan/options.ts";
import { runLoad } from "../../../src/load/run.ts";
import { Connector } from "../../../src/load/send/connector.ts";
import { until } from "../../support/until.ts";
import { ca, expired, otherName, valid } from "../support/certificates.ts";
import { balanced } from "../support/sums.ts";
import { tcpTarget } from "../support/targets.ts";

/** OpenSSL's bits that switch a version off. */
const [NO_TLS_1_2, NO_TLS_1_3] = [2 ** 27, 2 ** 29];

const common = { protocol: "tls", control: false, rate: 1000, count: 20, timeout: 1, wait: 1, seed: 7 } as const;

async function runOn(port: number, options: Partial<LoadOptions> = { ca }) {
  return balanced(await runLoad({ ...common, target: `127.0.0.1:${port}`, ...options }).report);
}

/** A TCP server that treats the first octets of a connection in this way. */
function rawServer(data: (socket: Bun.Socket, chunk: Buffer) => void) {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data, error() {} } });
  afterAll(() => server.stop(true));
  return server;
}

test.each([
  [
    "an authority that is not trusted",
    valid,
    {},
    "its certificate is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE); --ca FILE names the authority to trust, --insecure accepts any certificate",
  ],
  [
    "an expired certificate",
    expired,
    { ca },
    "its certificate has expired (CERT_HAS_EXPIRED); --insecure accepts any certificate",
  ],
  [
    "a certificate for another name",
    otherName,
    { ca, target: "localhost" },
    "its certificate is not for localhost (ERR_TLS_CERT_ALTNAME_INVALID); --insecure accepts any certificate",
  ],
  [
    "a certificate for another address",
    otherName,
    { ca },
    "its certificate is not for 127.0.0.1 (ERR_TLS_CERT_ALTNAME_INVALID); --insecure accepts any certificate",
  ],
] as const)("%s is one line, and accepted without verification", async (_name, certificate, options, reason) => {
  await using target = tcpTarget("stamp", certificate);
  const host = "target" in options ? options.target : "127.0.0.1";
  const at = { target: `${host}:${target.port}` };
  const rejected = await runOn(target.port, { ...options, ...at });
  expect(rejected.verdict.reasons).toEqual([`no connection to 127.0.0.1:${target.port}: ${reason}`]);
  expect(rejected.packets.sent).toBe(0);
  const accepted = await runOn(target.port, { ...at, verify: false });
  expect(accepted.packets).toMatchObject({ sent: 20, answered: 20 });
});

test.each([
  [
    "answers in another protocol",
    (socket: Bun.Socket) => void socket.write("400 what?\r\n"),
    "the target does not speak TLS (not-tls)",
  ],
  [
    "closes the connection",
    (socket: Bun.Socket) => void socket.end(),
    "the target closed the connection in the TLS handshake (ECONNRESET)",
  ],
  [
    "resets the connection",
    (socket: Bun.Socket) => socket.terminate(),
    "the target closed the connection in the TLS handshake (ECONNRESET)",
  ],
  [
    "has another version only", // an alert: fatal, protocol_version
    (socket: Bun.Socket) => void socket.write(Buffer.of(21, 3, 1, 0, 2, 2, 70)),
    "the target has no version of TLS in common with this program, which has 1.2 and 1.3 (tls-version)",
  ],
  [
    "has no cipher in common", // an alert: fatal, handshake_failure
    (socket: Bun.Socket) => void socket.write(Buffer.of(21, 3, 3, 0, 2, 2, 40)),
    "the TLS handshake failed: sslv3 alert handshake failure (tls-failed)",
  ],
])("a target that %s is one line", async (_name, data, reason) => {
  const { port } = rawServer(data);
  const report = await runOn(port);
  expect(report.verdict.reasons).toEqual([`no connection to 127.0.0.1:${port}: ${reason}`]);
});

test("a target that does not finish the handshake is given up, and the connection is closed", async () => {
  let closed = 0;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data() {},
      close() {
        closed++;
      },
    },
  });
  const endpoint = { hostname: "127.0.0.1", address: "127.0.0.1", port: server.port, sameHost: true };
  const recorder = new Recorder();
  const tls = { verify: true, ca, caFrom: "options" } as const;
  const owner = { onOpen() {}, onData() {}, onDrain() {}, onClose() {} };
  const connector = new Connector({ endpoint, clock: systemClock(), recorder, tls }, owner);
  const error = await connector.connect(50).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "ETIMEDOUT", message: "no response to the TLS handshake within 50 ms" });
  await until(() => closed === 1, "the connection is closed");
  expect([...recorder.handshakes.failures]).toEqual([["ETIMEDOUT", 1]]);
  expect(recorder.handshakes.of("tcp")?.full.count).toBe(1);
  server.stop(true);
});

test.each([
  ["1.2", NO_TLS_1_3],
  ["1.3", NO_TLS_1_2],
])("a target that has only TLS %s is answered", async (_version, secureOptions) => {
  await using target = tcpTarget("stamp", { ...valid, secureOptions });
  expect((await runOn(target.port)).packets).toMatchObject({ sent: 20, answered: 20 });
});

test("the name of the target is sent to it, an address is not", async () => {
  const hellos: Buffer[] = [];
  const { port } = rawServer((socket, chunk) => {
    hellos.push(Buffer.from(chunk));
    socket.end();
  });
  await runOn(port, { ca, target: `localhost:${port}` });
  await runOn(port);
  expect(hellos.map((hello) => [hello.includes("localhost"), hello.includes("127.0.0.1")])).toEqual([
    [true, false],
    [false, false],
  ]);
});

test("a connection that is opened again resumes the session of the one before", async () => {
  await using target = tcpTarget("closes", valid);
  const options = {
    ...common,
    ca,
    mode: "plain",
    connections: 1,
    count: 30,
    target: `127.0.0.1:${target.port}`,
  } as const;
  const run = runLoad(options);
  const { packets } = balanced(await run.report);
  expect(packets).toMatchObject({ sent: 30, answered: 20, lost: 10 });
  const { handshakes } = run.measured.recorder();
  const { full, resumed } = handshakes.of("tls") ?? {};
  expect([full?.count, resumed?.count]).toEqual([1, 9]);
  expect(handshakes.of("tcp")?.full.count).toBe(10);
});

test("a target that has only HTTP/2 is one line for a run of HTTP/1.1", async () => {
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: valid,
    http1: false,
    http2: true,
    fetch: () => new Response("ok"),
  });
  const target = `https://127.0.0.1:${server.port}/`;
  const report = balanced(await runLoad({ ...common, protocol: "https", ca, target }).report);
  const reason = "the target does not have this version of HTTP (no-alpn)";
  expect(report.verdict.reasons).toEqual([`no connection to 127.0.0.1:${server.port}: ${reason}`]);
});
